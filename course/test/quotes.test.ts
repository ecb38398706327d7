import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findVersion, listVersions } from '../programs/versions.ts'
import { staleQuotes } from '../quotes.ts'

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
    for (const quote of quotes.filter((quote) => quote.startsWith('course/'))) {
      expect(quote).toContain(` quotes versions/v02-state/${CALLBACK}, which has no "`)
      expect(quote).toContain('!state || !pendingLogin ||')
    }
    expect(filesOf(quotes)).toEqual([
      'course/attacks/stories/foreign-state.ts',
      'course/attacks/stories/login-csrf.ts',
      'course/exercises/v02/mistakes.diff',
      'versions/v02-state/README.md',
    ])
  })

  test('makes each step of an exercise that searches for it stale', async () => {
    const quotes = await quotesWith(CALLBACK, '// A state works once', '// One state, one login')
    expect(filesOf(quotes)).toEqual([
      'course/exercises/v02/steps.ts',
      'versions/v02-state/README.md',
    ])
    expect(quotes[0]).toContain('    // A state works once')
  })

  test('makes nothing stale if nothing quotes it', async () => {
    expect(await quotesWith('client/app.ts', '\n', '\n\n')).toEqual([])
  })
})

/** The stale quotes in v02 after a change in one place of one file. */
async function quotesWith(path: string, from: string, to: string): Promise<string[]> {
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

function filesOf(quotes: string[]): string[] {
  return [...new Set(quotes.map((quote) => /^[^ :]*/.exec(quote)?.[0]))].sort() as string[]
}
