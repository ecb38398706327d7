import { ROOT } from './programs/versions.ts'

/** A command that can't be followed as it was typed. The message says what it takes. */
export class UsageError extends Error {}

/**
 * Refuses options that npm has taken for its own, because no `--` stood before them.
 *
 * @param names the command's options, without their dashes
 * @throws {UsageError}
 */
export function refuseOptionsKeptByNpm(names: string[], example: string): void {
  const kept = names.find(
    (name) => process.env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined,
  )
  if (kept === undefined) return
  // The npm.ps1 that comes with Node 20 drops the dashes, too.
  const onWindows =
    process.platform === 'win32' ? ` (in PowerShell: ${example.replace('npm', 'npm.cmd')})` : ''
  throw new UsageError(
    `npm took --${kept} for an option of its own. Put -- before: ${example}${onWindows}`,
  )
}

/** What Node's `parseArgs` complains of, in a sentence, and after it what the command takes. */
export function optionError(error: unknown, hint: string): UsageError {
  const [what = ''] = (error as Error).message.split(/\. |\n/)
  return new UsageError(`${what.replace(/\.$/, '')}. ${hint}`.trimEnd())
}

/** The folder that the command was typed in: npm goes to the top of the repo first. */
export function typedIn(): string {
  return process.cwd() === ROOT ? (process.env.INIT_CWD ?? ROOT) : process.cwd()
}
