import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { basic, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import { encodeForm, type FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { all } from '@oauth-lab/shared/testing/share.ts'
import { expect, onTestFinished, test } from 'vitest'
import { checkCopy } from '../exercises/check-copy.ts'
import { must } from '../exercises/check-stage.ts'
import { type StartProgram, startProcess } from '../exercises/copy-programs.ts'
import type { Sentence } from '../exercises/sentence.ts'
import { API, refusalOfIntrospection } from '../exercises/token-request-rules.ts'
import { findVersion } from '../programs/versions.ts'
import { startInProcess } from './in-process.ts'
import { makeVersionWithApi } from './with-api.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const HEADERS = { ...FORM, authorization: basic(API.id, API.secret) }
const SECRET = { client_id: API.id, client_secret: API.secret }

const sentence: Sentence = {
  id: 'asks',
  text: 'The API asks the server.',
  file: 'api/app.ts',
  probe: async ({ server }) => {
    const { status } = await server.me()
    must(status === 200, `GET /api/me returns ${status}`)
  },
}

test('the stand-in judges an introspection request as the server of v12 does', async () => {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const running = await startInProcess({
    program: 'server',
    folder: findVersion('v12').folder,
    port,
    settings: { AUTH_SERVER_URL: url, API_ID: API.id, API_SECRET: API.secret },
    signal: new AbortController().signal,
  })
  onTestFinished(() => running.stop())
  const requests: [form: FormFields, headers: Fields][] = [
    [{ token: 'x' }, HEADERS],
    [{ token: 'x', token_type_hint: 'access_token' }, HEADERS],
    [{ token: 'x', ...SECRET }, FORM],
    [{}, HEADERS],
    [{ token: '' }, HEADERS],
    [{ token: ['x', 'y'] }, HEADERS],
    [{ token: 'x' }, { authorization: HEADERS.authorization }],
    [{ token: 'x' }, { ...HEADERS, authorization: basic(API.id, 'wrong') }],
    [{ token: 'x' }, { ...HEADERS, authorization: `Basic ${btoa(`${API.id}:${API.secret}`)}` }],
    [{ token: 'x' }, { ...HEADERS, authorization: 'Bearer x' }],
    [{ token: 'x' }, FORM],
    [{ token: 'x', ...SECRET }, HEADERS],
    [{}, FORM],
  ]
  for (const [form, headers] of requests) {
    const body = encodeForm(form)
    const sent = Object.entries(headers).map(([name, value]) => [name, String(value)])
    const answer = await fetch(`${url}/introspect`, {
      method: 'POST',
      headers: Object.fromEntries(sent),
      // A string would get a content type.
      body: Buffer.from(body),
    })
    const { error } = (await answer.json()) as { error?: string }
    const { authorization = '', 'content-type': contentType = '' } = headers
    const refusal = refusalOfIntrospection({
      form: new URLSearchParams(body),
      authorization,
      contentType,
    })
    expect([refusal?.status ?? 200, refusal?.error], body).toEqual([answer.status, error])
  }
})

test('a copy without an API fails the first check of it, and the others wait for that', async () => {
  const sentences = [sentence, { ...sentence, id: 'more' }]
  const { folder } = findVersion('v11')
  const result = await checkCopy(folder, { sentences }, { start: startInProcess })
  expect(result).toMatchObject({
    findings: [
      {
        status: 'open',
        seen: 'the copy has no API yet: there is no api/main.ts',
        place: 'api/main.ts, a new file, or wherever your copy does this',
      },
      { status: 'waiting', for: [{ id: 'asks' }] },
    ],
  })
})

const mains: [what: string, from: string, to: string, message: RegExp][] = [
  [
    'listens where the client does',
    'config.apiUrl',
    'config.clientUrl',
    /^The API doesn't start: it tries to listen at port \d+, which another program has\. Its own address is the setting API_URL, here http:\/\/localhost:\d+\.$/,
  ],
  ['throws', 'await serve', "throw new Error('Oh'); await serve", /^The API doesn't start: Oh\.$/],
  ['ends at once', 'await serve', '// ', /^The API doesn't start: /],
]

/** Each API in its own process, which tells its trouble. The programs beside it have none. */
const startApi: StartProgram = (spec) => {
  return spec.program === 'api' ? startProcess(spec) : startInProcess(spec)
}

test.runIf(all).each(mains)('an API that %s is told so', async (_what, from, to, message) => {
  const { folder, remove } = makeVersionWithApi()
  onTestFinished(remove)
  const main = join(folder, 'api', 'main.ts')
  writeFileSync(main, readFileSync(main, 'utf8').replace(from, to))
  const result = await checkCopy(folder, { sentences: [sentence] }, { start: startApi })
  expect(result.kind === 'trouble' && result.trouble.message).toMatch(message)
  expect(result.kind === 'trouble' && result.trouble.place).toMatch(/^api\/main\.ts/)
})
