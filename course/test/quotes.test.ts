import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findVersion, listVersions, ROOT } from '../programs/versions.ts'
import { type StaleQuote, staleQuotes } from '../quotes.ts'

const scratch = mkdtempSync(join(tmpdir(), 'oauth-lab-quotes-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const CALLBACK = 'client/routes/callback.ts'
const DECIDING = 'if (!state || !pendingLogin || !sameSecret(state, pendingLogin.state)) {'

test.each(listVersions())('no quote of $name is stale', async (version) => {
  expect(await staleQuotes([version])).toEqual([])
})

describe('a changed line of a snapshot', () => {
  test('makes each attack, mistake and note that quotes it stale, and names the place', async () => {
    const quotes = await quotesWith(CALLBACK, DECIDING, 'if (!isExpected(state, pendingLogin)) {')
    for (const { source, text } of quotes) {
      expect(source).toBe(`versions/v02-state/${CALLBACK}`)
      expect(text).toContain('!state || !pendingLogin ||')
    }
    expect(filesOf(quotes)).toEqual([
      'course/attacks/stories/foreign-state.ts',
      'course/attacks/stories/login-csrf.ts',
      'course/exercises/v02/steps.ts',
      'versions/v02-state/README.md',
    ])
    for (const { place } of quotes.filter(({ place }) => place.startsWith('course/'))) {
      expect(lineAt(place)).toContain('!state || !pendingLogin ||')
    }
  })

  test('makes each step of an exercise that searches for it stale', async () => {
    const quotes = await quotesWith(CALLBACK, '// A state works once', '// One state, one login')
    const [step, note] = quotes
    expect(filesOf(quotes)).toEqual([
      'course/exercises/v02/steps.ts',
      'versions/v02-state/README.md',
    ])
    expect(lineAt(step?.place ?? '')).toContain('part(')
    expect(lineAt(note?.place ?? '')).toBe('```ts')
  })

  test('makes nothing stale if nothing quotes it', async () => {
    expect(await quotesWith('client/app.ts', '\n', '\n\n')).toEqual([])
  })
})

/** The stale quotes in v02 after a change in one place of one file. */
async function quotesWith(path: string, from: string, to: string): Promise<StaleQuote[]> {
  const version = findVersion('v02')
  const folder = join(mkdtempSync(join(scratch, 'copy-')), version.name)
  const isSource = (file: string) => !file.includes('node_modules')
  cpSync(version.folder, folder, { recursive: true, filter: isSource })
  const file = join(folder, path)
  const text = readFileSync(file, 'utf8')
  expect(text).toContain(from)
  writeFileSync(file, text.replace(from, to))
  return staleQuotes([{ ...version, folder }])
}

function filesOf(quotes: StaleQuote[]): string[] {
  return [...new Set(quotes.map(({ place }) => place.replace(/:\d+$/, '')))].sort()
}

function lineAt(place: string): string {
  const [file = '', line] = place.split(':')
  return readFileSync(join(ROOT, file), 'utf8').split('\n')[Number(line) - 1] ?? ''
}
