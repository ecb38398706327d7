import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { readCommandLine, typedIn } from '@oauth-lab/course/command-line.ts'
import { copyName } from '@oauth-lab/course/exercises/exercise-start.ts'
import { findVersion, isCopy, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { ToldError, wrongUsage } from '@oauth-lab/course/told-error.ts'
import { renderHandout } from '../workshop/handout/render-handout.ts'

export const HELP = `Lessons to print, each with a summary on one sheet, its difference and its answers.

  npm run handout                     all of them, with errors and glossary: handout.html at the top of the repo
  npm run handout v02                 one of them: handout-v02.html
  npm run handout v02 -- --out FILE   writes FILE instead
`

const OPTIONS = { out: { type: 'string' } } as const
const USAGE = {
  example: 'npm run handout -- --out lessons.html',
  hint: 'See npm run handout -- --help',
}

/**
 * `npm run handout [VERSION] [-- --out FILE]`
 *
 * @throws {ToldError} for wrong arguments, or if the file can't be written
 */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = readCommandLine(args, OPTIONS, USAGE)
  const [name, ...rest] = positionals
  if (rest.length > 0) throw wrongUsage(`This command takes one version. ${USAGE.hint}`)
  const version = name === undefined ? undefined : findVersion(name)
  if (version !== undefined && isCopy(version)) {
    throw wrongUsage('A copy has no lesson of its own. Name its version: npm run handout v02')
  }
  const usual = version === undefined ? 'handout.html' : `handout-${copyName(version)}.html`
  const file = values.out === undefined ? join(ROOT, usual) : resolve(typedIn(), values.out)
  const html = await renderHandout(version && [version])
  try {
    writeFileSync(file, html)
  } catch (error) {
    throw new ToldError(`Can't write ${file}: ${(error as Error).message}`)
  }
  const size = (Buffer.byteLength(html) / 1e6).toFixed(1)
  console.log(`${relative(process.cwd(), file)} (${size} MB): open it in a browser and print it.`)
  return 0
}
