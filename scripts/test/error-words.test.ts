import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { expect, test } from 'vitest'

/** Errors in docs/errors.md whose words come from npm, Node or the system. */
const WORDS_OF_OTHERS = [/^Unsupported URL Type/, /^EACCES: /, /^Invalid module /]

const sources = ['course', 'scripts', 'shared', 'workshop'].flatMap((folder) => {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(?!.*(node_modules|\btest\b)).*\.(ts|mjs)$/.test(file))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'))
})

/** Each string in the code, as a pattern with a gap for each inserted value. */
const patterns = sources
  .flatMap(
    (source) => source.match(/'(?:[^'\\\n]|\\.)+'|"(?:[^"\\\n]|\\.)+"|`(?:[^`\\]|\\.)+`/g) ?? [],
  )
  .map((literal) => literal.slice(1, -1).split(/\$\{.*?\}+/))
  .filter((parts) => countWords(parts.join(' ')) > 1)
  .map(
    (parts) =>
      new RegExp(
        `^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.+)')}$`,
      ),
  )

test("docs/errors.md quotes word for word what a program says when it doesn't start", () => {
  const page = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8')
  const [, section = ''] = page.split('## When a program does not start')
  const [table = ''] = section.split('\n## ')
  const quotes = [...table.matchAll(/^\| `(.+?)` \|/gm)].map(([, quote = '']) => quote)
  const isOurs = (quote: string) => !WORDS_OF_OTHERS.some((words) => words.test(quote))
  expect(quotes.length).toBeGreaterThan(10)
  expect(quotes.filter(isOurs).filter((quote) => !canBeSaid(quote))).toEqual([])
})

/** What fills a gap may be a sentence from elsewhere in the code. */
function canBeSaid(text: string): boolean {
  return patterns.some((pattern) => {
    const [, ...gaps] = pattern.exec(text) ?? []
    return pattern.test(text) && gaps.every((gap) => countWords(gap) < 4 || canBeSaid(gap))
  })
}

function countWords(text: string): number {
  return text.match(/\p{L}{2,}/gu)?.length ?? 0
}
