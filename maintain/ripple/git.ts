import { spawnSync } from 'node:child_process'
import { ToldError, wrongUsage } from '@oauth-lab/course/told-error.ts'

/** Variables that git sets for programs it calls. They would lead to another repository. */
const OF_A_CALLER = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX']

/**
 * Runs git at the top of a repository and returns its output.
 *
 * @throws {ToldError} if git isn't installed, or ends with a status other than 0
 */
export function git(
  root: string,
  args: string[],
  env: Record<string, string> = {},
  encoding: BufferEncoding = 'utf8',
): string {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: root,
    encoding,
    env: { ...ownEnvironment(), ...env },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error !== undefined) throw new ToldError(`Can't run git: ${error.message}`)
  if (status !== 0) {
    const [reason = ''] = stderr.trim().split('\n')
    throw new ToldError(reason || `git ${args[0]} ended with status ${status}`)
  }
  return stdout
}

function ownEnvironment(): NodeJS.ProcessEnv {
  const variables = Object.entries(process.env).filter(([name]) => !OF_A_CALLER.includes(name))
  return Object.fromEntries(variables)
}

/**
 * Checks that a revision exists.
 *
 * @throws {ToldError}
 */
export function findRevision(root: string, revision: string): string {
  try {
    return git(root, [
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    ]).trim()
  } catch {
    throw wrongUsage(`There is no revision ${JSON.stringify(revision)}.`)
  }
}
