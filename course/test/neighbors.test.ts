import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listVersions, ROOT, type Version, versionBefore } from '../programs/versions.ts'

const VERSIONS = join(ROOT, 'versions')
const hasDiff = spawnSync('diff', ['--version']).status === 0
const steps = listVersions().flatMap((after) => {
  const before = versionBefore(after)
  return before === undefined ? [] : [{ before, after, name: after.name }]
})

// A learner may compare two snapshots with the system's own tool, which should show only the lesson.
describe.skipIf(!hasDiff)('diff -ru (needs diff)', () => {
  test.each(steps)('of $name and the version before it shows only the lesson', (step) => {
    const { before, after } = step
    const places = differingFiles(before, after).filter((path) => !isLesson(path, step))
    expect(places).toEqual([])
  })
})

/** The files that differ, by their paths in a version, without what an installation adds. */
function differingFiles(before: Version, after: Version): string[] {
  const lines = diff('-rq', '-x', '*.md', '-x', 'node_modules', before.name, after.name)
  return lines.map((line) => {
    const [, folder, name] = /^Only in ([^:]+): (.+)$/.exec(line) ?? []
    const [, file] = /^Files (.+) and .+ differ$/.exec(line) ?? []
    const path = file ?? `${folder}/${name}`
    return path.slice(path.indexOf('/') + 1)
  })
}

function isLesson(path: string, { before, after }: { before: Version; after: Version }): boolean {
  const [top = ''] = path.split('/')
  if (top === 'protocol.ts' || top === 'test' || isProgram(top, before, after)) return true
  return path === 'package.json' && onlyPackagesAndScriptsDiffer(before, after)
}

/** A folder with a main.ts, such as server/. */
function isProgram(name: string, ...versions: Version[]): boolean {
  return versions.some(({ folder }) => existsSync(join(folder, name, 'main.ts')))
}

/** Whether a step changes only the packages in package.json, and adds only scripts that run its new programs. */
function onlyPackagesAndScriptsDiffer(before: Version, after: Version): boolean {
  const files = [before, after].map(({ name }) => `${name}/package.json`)
  const lines = diff(...files).filter((line) => /^[<>]/.test(line))
  return lines.every((line) =>
    /^[<>] {5}"([^"]+": "catalog:|(\w+)": "tsx \2\/main\.ts)",?$/.test(line),
  )
}

/** The lines that the system's `diff` prints. */
function diff(...args: string[]): string[] {
  const env = { ...process.env, LC_ALL: 'C' }
  const { status, stdout, stderr } = spawnSync('diff', args, {
    cwd: VERSIONS,
    env,
    encoding: 'utf8',
  })
  if (status === null || status > 1) throw new Error(`diff failed: ${stderr}`)
  return stdout.split('\n').filter(Boolean)
}
