import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { readOptions, typedIn } from '@oauth-lab/course/command-line.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { renderHandout } from '../workshop/handout/render-handout.ts'

export const HELP = `All lessons as one page to print, with the differences, answers, errors and glossary.

  npm run handout                     writes handout.html at the top of the repo
  npm run handout -- --out FILE       writes it to FILE
`

const OPTIONS = { out: { type: 'string' } } as const

/**
 * `npm run handout [-- --out FILE]`
 *
 * @throws {ToldError} for wrong arguments, or if the file can't be written
 */
export async function main(args: string[]): Promise<number> {
  const { out } = readOptions(args, OPTIONS, {
    example: 'npm run handout -- --out lessons.html',
    hint: 'See npm run handout -- --help',
  })
  const file = out === undefined ? join(ROOT, 'handout.html') : resolve(typedIn(), out)
  const html = await renderHandout()
  try {
    writeFileSync(file, html)
  } catch (error) {
    throw new ToldError(`Can't write ${file}: ${(error as Error).message}`)
  }
  const size = (Buffer.byteLength(html) / 1e6).toFixed(1)
  console.log(`${relative(process.cwd(), file)} (${size} MB): open it in a browser and print it.`)
  return 0
}
