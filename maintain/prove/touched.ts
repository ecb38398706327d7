import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pairFiles } from '@oauth-lab/course/differences/compare.ts'
import { isTest } from '@oauth-lab/course/differences/step.ts'
import { extractFolder, findRevision } from '../ripple/git.ts'
import { signedLines, type Unit, unitsOf } from './units.ts'

/**
 * Those of a step's units that were not there at a revision. Where the tests of the newer version have
 * changed since then, all of them: each could have lost what missed it.
 *
 * @param root the top of the repo, whose `versions` both folders lie in
 * @throws {ToldError} for an unknown revision
 */
export function touchedSince(
  root: string,
  revision: string,
  { older, newer }: { older: string; newer: string },
  units: Unit[],
): Unit[] {
  const commit = findRevision(root, revision)
  const top = mkdtempSync(join(tmpdir(), 'oauth-lab-touched-'))
  try {
    const [olderThen, newerThen] = [older, newer].map((folder) => {
      const path = `versions/${basename(folder)}`
      extractFolder(root, commit, path, top)
      return join(top, path)
    })
    if (!olderThen || !newerThen || !existsSync(olderThen) || !existsSync(newerThen)) return units
    if (pairFiles(newerThen, newer, { only: isTest }).length > 0) return units
    const known = new Set(unitsOf(olderThen, newerThen, { statements: true }).map(contentOf))
    return units.filter((unit) => !known.has(contentOf(unit)))
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

function contentOf(unit: Unit): string {
  return [unit.path, ...signedLines(unit)].join('\n')
}
