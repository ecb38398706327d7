import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import {
  optionError,
  refuseOptionsKeptByNpm,
  typedIn,
  UsageError,
} from '@oauth-lab/course/usage.ts'
import { renderHandout } from '../workshop/handout/handout.ts'

const HELP = `All lessons as one page to print, with the differences, answers, errors and glossary.

  npm run handout                     writes handout.html at the top of the repo
  npm run handout -- --out FILE       writes it to FILE
`

/**
 * `npm run handout [-- --out FILE]`
 *
 * @returns the exit status: 1 when the file can't be written, 2 when the command can't be followed
 */
export async function main(args: string[]): Promise<number> {
  try {
    return await run(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    return 2
  }
}

async function run(args: string[]): Promise<number> {
  refuseOptionsKeptByNpm(['out'], 'npm run handout -- --out lessons.html')
  const { out, help } = parse(args)
  if (help) {
    console.log(HELP)
    return 0
  }
  const file = out === undefined ? join(ROOT, 'handout.html') : resolve(typedIn(), out)
  const html = await renderHandout()
  try {
    writeFileSync(file, html)
  } catch (error) {
    console.error(`${file} can't be written: ${(error as Error).message}`)
    return 1
  }
  const size = (Buffer.byteLength(html) / 1e6).toFixed(1)
  console.log(`${relative(process.cwd(), file)} (${size} MB): open it in a browser, and print it.`)
  return 0
}

function parse(args: string[]) {
  const options = { out: { type: 'string' }, help: { type: 'boolean', default: false } } as const
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw optionError(error, 'See npm run handout -- --help')
  }
}
