import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pairFiles } from '@oauth-lab/course/differences/compare.ts'
import { isTest } from '@oauth-lab/course/differences/step.ts'
import { extractFolder, findRevision } from '../ripple/git.ts'
import { signedLines, type Unit, unitsOf } from './units.ts'

/**
 * The units of a step that didn't exist at a revision. If the newer version's tests have changed since
 * then, all units: each could have lost its proof.
 *
 * @param root the top of the repo, whose `versions` contains both folders
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
