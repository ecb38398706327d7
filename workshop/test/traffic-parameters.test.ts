import { setTimeout as sleep } from 'node:timers/promises'
import { freeAddresses } from '@oauth-lab/course/programs/free-addresses.ts'
import { versionBefore } from '@oauth-lab/course/programs/versions.ts'
import { Browser, html } from '@oauth-lab/shared/testing/browser.ts'
import { basic, credentials } from '@oauth-lab/shared/testing/driver.ts'
import { firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { Events } from '../events.ts'
import { knownVersions } from '../known-versions.ts'
import { Runner, type Slot } from '../runner.ts'
import { dissect, type Field } from '../traffic/dissect.ts'
import { explanationOf } from '../traffic/explanations.ts'
import { type Message, pathOf } from '../traffic/message.ts'
import { titleOf } from '../traffic/message-kind.ts'
import { placesOf } from '../traffic/message-places.ts'
import { isNewField, isNewMessage } from '../traffic/news.ts'
import { Traffic } from '../traffic/traffic.ts'

const versions = firstAndNewest(knownVersions().filter(({ leadsTo }) => leadsTo === undefined))
const sessions = new Map<string, Message[]>()

/** In seconds: an access token that expires during the test. */
const ACCESS_TOKEN_TTL = 0.3

// With --all, every version starts, one after another.
beforeAll(async () => {
  for (const version of versions) {
    const runner = new Runner()
    const traffic = new Traffic(runner, new Events(), 'http://localhost:25002/traffic')
    vi.stubEnv('ACCESS_TOKEN_TTL', String(ACCESS_TOKEN_TTL))
    const slot = runner.open(version, await freeAddresses())
    vi.unstubAllEnvs()
    try {
      await runner.untilStarted(slot)
      if (slot.state !== 'running') throw new Error(`${version.name}: ${slot.problem}`)
      await play(slot)
      // The last response is reported a moment after it was sent.
      while (messagesOf(traffic, slot).length % 2 !== 0) await sleep(20)
      sessions.set(version.name, messagesOf(traffic, slot))
    } finally {
      await runner.closeAll()
    }
  }
}, 300_000)

function messagesOf(traffic: Traffic, slot: Slot): Message[] {
  return traffic.logOf(slot).entries.filter((entry) => entry.kind !== 'note')
}

/** One of everything: what succeeds, and what fails. */
async function play({ version, ports, addresses }: Slot): Promise<void> {
  const { server, client } = addresses
  const resources = version.number < 12 ? server : addresses.api
  const browser = new Browser()
  await browser.visit(`${client}/`)

  const begun = await browser.open(`${client}/login`)
  const wrong = new URL(begun.location ?? '')
  wrong.searchParams.set('response_type', 'token')
  await browser.visit(wrong.href)

  const { location = '' } = await browser.open(`${client}/login`)
  const page = await browser.open(location)
  await browser.submit(page, { username: 'user0', password: 'wrong' })
  const { location: callback = '' } = await browser.answerForms(page, credentials('user0'))
  await browser.follow(await browser.open(callback))
  await browser.open(callback)
  const email = await browser.open(`${client}/email`)
  const offer = html(email).querySelector('a[href^="/login?"]')?.getAttribute('href')
  if (offer !== undefined) {
    await browser.follow(await browser.answerForms(await browser.visit(client + offer), {}))
  }
  // From v13, a token says in whole seconds when it expires.
  const rounding = version.number < 13 ? 20 : 1000
  await sleep(ACCESS_TOKEN_TTL * 1000 + rounding)
  await browser.open(`${client}/profile`)
  await browser.open(`${client}/`)
  await browser.follow(await browser.open(`${client}/logout`, { method: 'POST' }))

  // As after a restart of the client.
  const stale = version.number > 1 ? { cookie: `oauth_lab_${ports.client}=old` } : {}
  await new Browser().open(`${client}/`, { headers: stale })

  const ofTheClient = { client_id: 'lab-client', client_secret: 'lab-client-secret' }
  const authorization = basic('lab-client', 'lab-client-secret')
  await ask({ grant_type: 'authorization_code', code: 'x', redirect_uri: 'y' }, { authorization })
  await ask({ ...ofTheClient, grant_type: 'password' })
  await ask({ grant_type: 'authorization_code' })
  await ask({ ...ofTheClient, grant_type: 'refresh_token', refresh_token: 'x' })
  for (const headers of [{}, { authorization: 'Bearer none' }]) {
    await new Browser().open(`${resources}/api/me`, { headers })
  }
  if (version.number < 7) return
  await browser.open(`${server}/logout`, { method: 'POST' })
  await browser.answerForms(await browser.open(location), credentials('user1'), 'deny')
  if (version.number < 9) return
  await ask({ token: 'x', token_type_hint: 'access_token' }, { authorization }, '/revoke')
  await ask({}, { authorization }, '/revoke')
  if (version.number < 10) return
  await browser.open(`${server}/logout`, { method: 'POST' })
  const login = await browser.open(`${server}/account`)
  const apps = await browser.follow(await browser.submit(login, credentials('user0')))
  await browser.follow(await browser.submit(apps, { client_id: 'lab-client' }))
  if (version.number < 11) return
  const worker = { authorization: basic('worker-client', 'worker-client-secret') }
  const { body } = await ask({ grant_type: 'client_credentials', scope: 'stats:read' }, worker)
  const bearer = { authorization: `Bearer ${JSON.parse(body).access_token}` }
  await new Browser().open(`${resources}/api/stats`, { headers: bearer })
  await ask({ ...ofTheClient, grant_type: 'client_credentials' })
  if (version.number < 12) return
  await ask({ ...ofTheClient, token: 'x', token_type_hint: 'access_token' }, {}, '/introspect')
  await ask(ofTheClient, {}, '/introspect')
  if (version.number < 14) return
  await ask({ client_id: 'lab-cli', token: 'x' }, {}, '/revoke')

  function ask(body: Record<string, string>, headers: Record<string, string> = {}, to = '/token') {
    return new Browser().open(server + to, { method: 'POST', body, headers })
  }
}

function sessionOf(name: string): Message[] {
  return sessions.get(name) ?? []
}

/** The kind of a message, to compare two versions by. */
function nameOf(message: Message): string {
  const { program, request } = message.exchange
  const grantType = new URLSearchParams(request.body.text).get('grant_type') ?? ''
  const ofGrant = ['refresh_token', 'client_credentials'].includes(grantType) ? grantType : ''
  return `${program} ${request.method} ${pathOf(message.exchange)} ${ofGrant} ${message.kind}`
}

/** The messages whose address is known there: a 404 or a malformed request isn't a message of a version. */
function known(name: string): Message[] {
  return sessionOf(name).filter(({ exchange: { answer, request } }) => {
    const unknown = /"unsupported_grant_type"/.test(answer?.body.text ?? '')
    const isRefresh = request.body.text.includes('grant_type=refresh_token')
    return answer?.status !== 404 && !(unknown && isRefresh)
  })
}

describe.each(versions.map((version) => [version.name, versionBefore(version)?.name] as const))(
  '%s',
  (name, before) => {
    test('explains every parameter, cookie and challenge, and every error', () => {
      const fields = sessionOf(name).flatMap((message) =>
        dissect(message)
          .filter(({ minor }) => !minor)
          .flatMap((section) => section.fields),
      )
      expect(fields.length).toBeGreaterThan(30)
      const unexplained = fields.filter(({ topic }) => explanationOf(topic) === undefined)
      // The lab has no other way to call a missing resource.
      expect(unexplained.filter(({ topic }) => !topic.startsWith('unknown: '))).toEqual([])
      const errors = fields.filter(({ topic }) => topic.endsWith(' error: error'))
      expect(errors.length).toBeGreaterThan(0)
      const unknown = errors.filter(
        ({ value }) => explanationOf(`error code: ${value}`) === undefined,
      )
      expect(unknown.map(({ value }) => value).filter((value) => value !== 'not_found')).toEqual([])
    })

    test.runIf(before === undefined || versions.some((one) => one.name === before))(
      "marks as new what the version before doesn't send, and nothing else",
      () => {
        const earlier = new Set((before === undefined ? [] : known(before)).flatMap(allNames))
        const marked = new Set<string>()
        const isNew = new Set<string>()
        for (const message of known(name)) {
          const here = nameOf(message)
          if (isNewMessage(message)) marked.add(here)
          if (before !== undefined && !earlier.has(here)) isNew.add(here)
          // Everything in a new message is new.
          if (isNew.has(here)) continue
          for (const { fields, minor } of dissect(message)) {
            for (const field of minor ? [] : fields) {
              const whole = `${here} ${partOf(field)}`
              if (isNewField(message, field)) marked.add(whole)
              if (before !== undefined && !earlier.has(whole)) isNew.add(whole)
            }
          }
        }
        expect([...marked].sort()).toEqual([...isNew].sort())
        if (before !== undefined) expect(isNew.size).toBeGreaterThan(0)
      },
    )

    test('links every message to a line that handles it', async () => {
      for (const message of known(name)) {
        const { exchange } = message
        if ([404, 405].includes(exchange.answer?.status ?? 0)) continue
        const places = await placesOf(message)
        const path = pathOf(exchange)
        const roles = places.map(({ role }) => role)
        expect(roles, nameOf(message)).toContain(
          message.kind === 'request' ? 'handled by' : 'sent by',
        )
        const file = `${exchange.program}/routes/${ROUTE_FILES[path]}.ts`
        expect(
          places.map((place) => place.file),
          nameOf(message),
        ).toContain(file)
      }
    })
  },
)

const ROUTE_FILES: Record<string, string> = {
  '/': 'home',
  '/login': 'login',
  '/callback': 'callback',
  '/profile': 'profile',
  '/email': 'email',
  '/logout': 'logout',
  '/authorize': 'authorize',
  '/consent': 'authorize',
  '/token': 'token',
  '/revoke': 'revoke',
  '/introspect': 'introspect',
  '/jwks': 'jwks',
  '/account': 'account',
  '/account/disconnect': 'account',
  '/api/me': 'me',
  '/api/email': 'me',
  '/api/stats': 'me',
}

function allNames(message: Message): string[] {
  const here = nameOf(message)
  const fields = dissect(message).flatMap((section) => (section.minor ? [] : section.fields))
  return [here, ...fields.map((field) => `${here} ${partOf(field)}`)]
}

/**
 * What a field is called, whatever set it belongs to: the state of a redirect is no news when that leads elsewhere. But a
 * client's name in the body is news, though it was in the header before.
 */
function partOf({ topic }: Field): string {
  return topic.replace(/^(?!client authentication).*: /, '')
}

test('a token request links to its grant, and to the code that sends it', async () => {
  const [last] = versions.slice(-1)
  const requests = sessionOf(last?.name ?? '').filter(
    (message) => titleOf(message) === 'Refresh request',
  )
  const [fromClient] = requests.filter(({ exchange }) => exchange.from === 'client')
  const places = await placesOf(fromClient as Message)
  expect(places.map(({ role, file }) => `${role} ${file}`)).toEqual([
    'built by client/token-manager.ts',
    'sent by client/token-request.ts',
    'handled by server/routes/token.ts',
    'grant handled by server/grants/refresh-token.ts',
  ])
  expect(places[0]?.href).toMatch(`/code/${last?.name}/client/token-manager.ts#L`)
})
