import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { isProgramCode } from '../programs/programs.ts'
import { ROOT } from '../programs/versions.ts'

/**
 * The warning for someone who changed files of a version: exercises are done in playground/, and the
 * versions are what copies are compared with. Undefined if none changed, or if git can't tell.
 */
export async function tellEditedVersions(name: string, root = ROOT): Promise<string | undefined> {
  const files = (await changedFiles(root)).filter((file) => isProgramCode(inVersion(file)))
  if (files.length === 0) return undefined
  const known = files.filter((file) => existsSync(join(root, file)))
  const moves = known.map((file) => `    ${file}  to  playground/${name}/${inVersion(file)}`)
  const folders = [...new Set(files.map((file) => file.split('/', 2).join('/')))]
  return [
    `You changed files in versions/. The lab compares your copy with them:`,
    ...files.map((file) => `    ${file}`),
    'If those changes belong to the exercise, first copy them over by hand:',
    ...moves,
    `Then restore the version: git stash push --include-untracked -- ${folders.join(' ')}`,
    'Your changes stay in the stash (git stash show -p).',
    '',
  ].join('\n')
}

/** The path of a file below the folder of its version. */
function inVersion(file: string): string {
  return file.split('/').slice(2).join('/')
}

async function changedFiles(root: string): Promise<string[]> {
  try {
    const args = ['status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all']
    const { stdout } = await promisify(execFile)('git', [...args, '--', 'versions'], { cwd: root })
    const entries = stdout.split('\0').filter((entry) => entry !== '')
    // A version that is new itself, lesson included, is a maintainer's.
    const lessons = entries.filter((entry) => /^\?\? versions\/[^/]+\/README\.md$/.test(entry))
    const versions = lessons.map((entry) => dirname(entry.slice(3)))
    const files = entries.map((entry) => entry.slice(3))
    return files.filter((file) => !versions.some((version) => file.startsWith(`${version}/`)))
  } catch {
    // No git, or no repo: a downloaded archive. Then there is nothing to compare with.
    return []
  }
}
