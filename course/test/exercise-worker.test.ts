import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { basic, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import { encodeForm, type FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { expect, onTestFinished, test } from 'vitest'
import { CheckDriver, WORKER } from '../exercises/check-stage.ts'
import { refusalOfWorker } from '../exercises/token-request-rules.ts'
import { runAgainst, startWorker } from '../exercises/worker-run.ts'
import { findVersion } from '../programs/versions.ts'
import { startInProcess } from './in-process.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const HEADERS = { ...FORM, authorization: basic(WORKER.id, WORKER.secret) }
const GRANT = { grant_type: 'client_credentials' }
const SECRET = { client_id: WORKER.id, client_secret: WORKER.secret }

test("the stand-in judges a worker's token request as the server of v11 does", async () => {
  const server = await startServer()
  const requests: [form: FormFields, headers: Fields][] = [
    [GRANT, HEADERS],
    [{ ...GRANT, scope: 'stats:read' }, HEADERS],
    [{ ...GRANT, ...SECRET }, FORM],
    [GRANT, { authorization: HEADERS.authorization }],
    [GRANT, { ...HEADERS, authorization: basic(WORKER.id, 'wrong') }],
    [GRANT, { ...HEADERS, authorization: `Basic ${btoa(`${WORKER.id}:${WORKER.secret}`)}` }],
    [GRANT, FORM],
    [{ ...GRANT, ...SECRET }, HEADERS],
    [{}, HEADERS],
    [{ grant_type: 'authorization_code' }, HEADERS],
    [{ grant_type: 'password' }, HEADERS],
    [{ ...GRANT, scope: 'profile' }, HEADERS],
    [{ ...GRANT, scope: ['stats:read', 'stats:read'] }, HEADERS],
  ]
  for (const [form, headers] of requests) {
    const { status, body } = await server.tokenRaw(encodeForm(form), headers)
    const { authorization = '', 'content-type': contentType = '' } = headers
    const sent = { form: new URLSearchParams(encodeForm(form)), authorization, contentType }
    const refusal = refusalOfWorker(sent, { ...WORKER, scopes: ['stats:read'] })
    expect([refusal?.status ?? 200, refusal?.error], encodeForm(form)).toEqual([status, body.error])
  }
})

test("a worker's time limit, of any kind, runs out when the check says so, not before", async () => {
  const folder = makeWorker(`
    const timers = await import('node:timers')
    const { setTimeout: wait } = await import('node:timers/promises')
    const over = (kind) => () => console.log(kind)
    setTimeout(over('setTimeout'), 5_000)
    timers.setTimeout(over('node:timers'), 5_000)
    wait(5_000).then(over('node:timers/promises'))
    AbortSignal.timeout(5_000).addEventListener('abort', over('AbortSignal'))
    await fetch(process.env.AUTH_SERVER_URL + '/one')
    console.log('not yet')
    await fetch(process.env.AUTH_SERVER_URL + '/two')
    console.log('over')`)
  const targets: string[] = []
  const run = await runAgainst(
    (AUTH_SERVER_URL) => startWorker(folder, { AUTH_SERVER_URL }),
    async ({ target, passTime }) => {
      targets.push(target)
      await passTime(target === 'GET /one' ? 4_900 : 100)
      return { status: 200, headers: { connection: 'close' }, body: {} }
    },
  )
  expect(run).toMatchObject({ status: 0, errors: '' })
  const [first, ...limits] = run.output.trim().split('\n')
  expect([first, limits.pop()]).toEqual(['not yet', 'over'])
  expect(limits.sort()).toEqual([
    'AbortSignal',
    'node:timers',
    'node:timers/promises',
    'setTimeout',
  ])
  expect(targets).toEqual(['GET /one', 'GET /two'])
})

test('a worker that stops its limit ends by itself, and what it printed is kept', async () => {
  const folder = makeWorker(`
    const limit = setTimeout(() => process.exit(1), 5_000)
    await fetch(process.env.AUTH_SERVER_URL)
    clearTimeout(limit)
    console.log('out')
    console.error('err')`)
  const run = await runAgainst(
    (AUTH_SERVER_URL) => startWorker(folder, { AUTH_SERVER_URL }),
    () => ({ status: 200, headers: { connection: 'close' }, body: {} }),
  )
  expect(run).toEqual({ status: 0, output: 'out\n', errors: 'err\n' })
})

/** A copy with nothing but a worker. */
function makeWorker(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-worker-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'worker'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'worker', 'main.ts'), code)
  return folder
}

async function startServer(): Promise<CheckDriver> {
  const port = await freePort()
  const authServerUrl = `http://localhost:${port}`
  const running = await startInProcess({
    program: 'server',
    folder: findVersion('v11').folder,
    port,
    settings: {
      AUTH_SERVER_URL: authServerUrl,
      WORKER_ID: WORKER.id,
      WORKER_SECRET: WORKER.secret,
    },
    signal: new AbortController().signal,
  })
  onTestFinished(() => running.stop())
  const clientUrl = 'http://localhost:25001'
  return new CheckDriver({ authServerUrl, clientUrl, clientId: '', clientSecret: '' })
}
