import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ROOT } from './programs/versions.ts'
import { wrongUsage } from './told-error.ts'

/** In the form of Node's `parseArgs`. */
type OptionKinds = NonNullable<ParseArgsConfig['options']>

/** What an error message about a command line says. */
interface Usage {
  /** A valid call with an option, to show where `--` goes. */
  example: string
  /** A sentence that lists the options, or says where to find them. */
  hint: string
}

/**
 * Reads the arguments of a command. It checks only the options. The command itself checks how many words it
 * gets.
 *
 * @throws {ToldError} for an unknown option, a missing value, or an option that npm read as its own
 */
export function readCommandLine<const Options extends OptionKinds>(
  args: string[],
  options: Options,
  { example, hint }: Usage,
) {
  refuseOptionsKeptByNpm(Object.keys(options), example)
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    const [what = ''] = (error as Error).message.split(/\. |\n/)
    throw wrongUsage(`${what.replace(/\.$/, '')}. ${hint}`.trimEnd())
  }
}

/** The same for a command that takes only options. */
export function readOptions<const Options extends OptionKinds>(
  args: string[],
  options: Options,
  usage: Usage,
) {
  const { values, positionals } = readCommandLine(args, options, usage)
  if (positionals.length === 0) return values
  throw wrongUsage(`This command doesn't take ${JSON.stringify(positionals[0])}. ${usage.hint}`)
}

/** npm reads options as its own if there is no `--` before them. */
function refuseOptionsKeptByNpm(names: string[], example: string): void {
  const kept = names.find(
    (name) => process.env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined,
  )
  if (kept === undefined) return
  // The npm.ps1 that comes with Node 20 drops the dashes, too.
  const onWindows =
    process.platform === 'win32' ? ` (in PowerShell: ${example.replace('npm', 'npm.cmd')})` : ''
  throw wrongUsage(`npm read --${kept} as its own option. Put -- before it: ${example}${onWindows}`)
}

/** The folder that the command was typed in: npm goes to the top of the repo first. */
export function typedIn(): string {
  return process.cwd() === ROOT ? (process.env.INIT_CWD ?? ROOT) : process.cwd()
}
