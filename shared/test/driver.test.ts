import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { redirectQuery } from '../testing/browser.ts'
import { credentials, Driver } from '../testing/driver.ts'
import { send } from '../testing/exchange.ts'
import { formsOn } from '../testing/forms.ts'
import { startLab } from '../testing/lab.ts'
import { freePort } from '../testing/ports.ts'
import { type Exchange, recorded, tokenRequests } from '../testing/recorder.ts'

const CLIENT = { clientUrl: 'http://client.test', clientId: 'lab-client', clientSecret: 'secret' }
/** What the fake server's consent page asks for, and what was allowed before. */
const SCOPES = ['profile', 'email']

const AWAY = 'http://elsewhere.invalid/callback'

let app: FastifyInstance
let driver: Driver
let received: Record<string, unknown>[]

beforeEach(async () => {
  received = []
  app = consentServer()
  app.get('/away', (_request, reply) => reply.redirect(AWAY))
  const port = await freePort()
  await app.listen({ port, host: 'localhost' })
  driver = new Driver({ ...CLIENT, authServerUrl: `http://localhost:${port}` })
})

afterEach(() => app.close())

/** Shows a login page, then a consent page, or neither if everything was allowed before. */
function consentServer(): FastifyInstance {
  const server = Fastify()
  server.register(formbody)
  server.register(cookie)
  const values = new Set<string>()
  let allowed: string[] = []
  const page = (body: string) => `<!doctype html><h1>Page</h1>${body}`
  server.addHook('preHandler', async (request) => {
    if (request.method === 'POST') received.push({ ...Object(request.body) })
  })
  server.addHook('onRequest', async (_request, reply) => {
    reply.type('text/html')
  })
  server.get<{ Querystring: Record<string, string> }>('/authorize', async (request, reply) => {
    const { search } = new URL(request.url, 'http://localhost')
    if (request.query.client_id !== CLIENT.clientId) return reply.code(400).send(page('Wrong'))
    if (request.cookies.session !== 'user0') {
      return page(`<form method="post"><input name="username" value=""><input name="password" type="password">
        <button>Log in</button><button name="decision" value="deny" formnovalidate>Cancel</button></form>`)
    }
    if (SCOPES.every((scope) => allowed.includes(scope))) {
      return reply.redirect(`${CLIENT.clientUrl}/callback?code=no-page`, 303)
    }
    const value = randomBytes(8).toString('hex')
    values.add(value)
    return page(`<form method="post" action="/logout${search}"><button>Not you?</button></form>
      <form method="post" action="/consent${search.replaceAll('&', '&amp;')}">
      <input type="hidden" name="consent" value="${value}">
      <input type="checkbox" name="scope" value="profile" checked><input type="checkbox" name="scope" value="email" checked>
      <input type="checkbox" name="remember" value="yes">
      <button name="decision" value="deny">Deny</button><button name="decision" value="allow">Allow</button></form>`)
  })
  server.post<{ Body: Record<string, string> }>('/authorize', async (request, reply) => {
    const { username, password, decision } = request.body
    if (decision === 'deny') return reply.redirect(`${CLIENT.clientUrl}/callback?error=cancelled`)
    if (username !== 'user0' || password !== 'password0') return reply.code(401).send(page('Wrong'))
    return reply.setCookie('session', 'user0').redirect(request.url, 303)
  })
  server.post<{ Body: Record<string, string | string[]> }>('/consent', async (request, reply) => {
    const { consent, decision, scope = [] } = request.body
    if (!values.delete(String(consent))) return reply.code(400).send(page('Wrong'))
    if (decision !== 'allow') return reply.redirect(`${CLIENT.clientUrl}/callback?error=denied`)
    allowed = [scope].flat()
    return reply.redirect(`${CLIENT.clientUrl}/callback?code=${allowed.join('-')}`, 303)
  })
  return server
}

describe('a login through the driver', () => {
  test('fills in the login page, allows everything on the consent page, and stops before the client', async () => {
    const page = await driver.enterPassword(driver.browser(), driver.authorizeUrl())
    expect(page.location).toBe('http://client.test/callback?code=profile-email')
    expect(received).toEqual([
      { username: 'user0', password: 'password0' },
      { consent: expect.any(String), scope: ['profile', 'email'], decision: 'allow' },
    ])
  })

  test('fills in only the consent page in a browser that is logged in', async () => {
    const browser = driver.browser()
    await browser.jar.setCookie('session=user0', driver.serverUrl)
    await driver.enterPassword(browser, driver.authorizeUrl())
    expect(received).toHaveLength(1)
  })

  test('fills in nothing if everything was allowed before', async () => {
    const browser = driver.browser()
    await driver.enterPassword(browser, driver.authorizeUrl())
    const page = await driver.enterPassword(browser, driver.authorizeUrl())
    expect(redirectQuery(page)).toEqual({ code: 'no-page' })
    expect(received).toHaveLength(2)
  })

  test('logs in and then denies if told to deny', async () => {
    const browser = driver.browser()
    const start = await browser.open(driver.authorizeUrl())
    const page = await browser.answerForms(start, credentials('user0'), 'deny')
    expect(redirectQuery(page)).toEqual({ error: 'denied' })
  })

  test('ticks the boxes it is told to tick', async () => {
    const browser = driver.browser()
    const start = await browser.open(driver.authorizeUrl())
    const page = await browser.answerForms(start, { ...credentials('user0'), scope: ['email'] })
    expect(redirectQuery(page)).toEqual({ code: 'email' })
  })

  test('ends at the page for a wrong password', async () => {
    const page = await driver.enterPassword(driver.browser(), driver.authorizeUrl(), 'user9')
    expect(page.status).toBe(401)
    expect(received).toHaveLength(1)
  })

  test('ends at an error page', async () => {
    const url = driver.authorizeUrl({ client_id: 'nobody' })
    expect((await driver.enterPassword(driver.browser(), url)).status).toBe(400)
    await expect(driver.code({ client_id: 'nobody' })).rejects.toThrow('No code: 400')
  })
})

test('a browser stays on this machine, wherever a redirect leads', async () => {
  const visit = driver.browser().visit(`${driver.serverUrl}/away`)
  await expect(visit).rejects.toThrow(`${AWAY} is not an address of this machine`)
})

describe('a form', () => {
  test('has the values, the ticked boxes and the buttons of its page', () => {
    const [form] = formsOn({
      url: 'http://server.test/page?a=b',
      body: `<form method="post"><input name="text" value="&lt;x&gt;"><input type="checkbox" name="box" value="1">
        <input type="checkbox" name="box" value="2" checked><input type="submit" name="go" value="Go"></form>`,
    })
    expect(form).toEqual({
      action: 'http://server.test/page?a=b',
      method: 'POST',
      values: { text: ['<x>'], box: ['2'] },
      names: new Set(['text', 'box']),
      buttons: [{ name: 'go', value: 'Go' }],
    })
  })

  test("is sent with the pressed button, and with fields that its page doesn't have", async () => {
    const browser = driver.browser()
    const login = await browser.open(driver.authorizeUrl())
    const canceled = await browser.submit(login, { extra: 'x' }, 'deny')
    expect(redirectQuery(canceled)).toEqual({ error: 'cancelled' })
    expect(received).toEqual([{ username: '', password: '', extra: 'x', decision: 'deny' }])
    await expect(browser.submit(login, {}, 'maybe')).rejects.toThrow('The form has no button maybe')
  })

  test('can leave out a value that its page has', async () => {
    const browser = driver.browser()
    await browser.jar.setCookie('session=user0', driver.serverUrl)
    const page = await browser.open(driver.authorizeUrl())
    expect((await browser.submit(page, { consent: undefined, scope: [] })).status).toBe(400)
    expect(received).toEqual([{ decision: 'allow' }])
  })
})

describe('a record', () => {
  test('distinguishes browsers from programs, and keeps the order of nested requests', async () => {
    const exchanges: Exchange[] = []
    const lab = await startLab(
      recorded(
        {
          buildServer: () => {
            const server = Fastify().register(formbody)
            server.post('/token', async () => ({ access_token: 'a-token' }))
            return server
          },
          buildClient: ({ authServerUrl }) => {
            const client = Fastify()
            client.get('/callback', async (_request, reply) => {
              const body = new URLSearchParams({ code: 'a-code' })
              await fetch(`${authServerUrl}/token`, { method: 'POST', body })
              return reply.redirect('/profile')
            })
            return client
          },
          buildApi: () => Fastify().get('/api/me', async () => ({ user_id: 'user0' })),
        },
        exchanges,
      ),
    )
    try {
      await lab.browser().open(`${lab.redirectUri}?code=a-code`)
      expect((await lab.me('Bearer x')).body).toEqual({ user_id: 'user0' })
      await send(`${lab.apiUrl}/style.css`)
    } finally {
      await lab.close()
    }
    const [token, callback, me, styleSheet] = exchanges
    expect(tokenRequests(exchanges)).toEqual([token])
    expect(token).toMatchObject({
      program: 'server',
      channel: 'back',
      form: { code: 'a-code' },
      order: [1, 2],
    })
    expect(callback).toMatchObject({
      program: 'client',
      channel: 'front',
      path: '/callback',
      order: [0, 3],
    })
    expect(callback?.location).toBe(`${lab.clientUrl}/profile`)
    expect(me).toMatchObject({ program: 'api', channel: 'back', order: [4, 5] })
    expect(styleSheet?.channel).toBe('front')
  })
})

test('a free port is never given out twice', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort))
  expect(new Set(ports).size).toBe(20)
})
