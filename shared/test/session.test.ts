import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { registerSessions } from '../session.ts'
import { passTime } from '../testing/clock.ts'
import { Gate } from '../testing/hooks.ts'

declare module 'fastify' {
  interface Session {
    visited?: boolean
    /** A session with a value lasts. */
    value?: object
  }
}

const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

function appWithSessions(settings: Record<string, string> = {}): FastifyInstance {
  const app = Fastify()
  apps.push(app)
  const config = readConfig(settings)
  registerSessions(app, config, config.clientUrl, ({ value }) => value !== undefined)
  app.get('/visit', async ({ session }) => {
    session.visited = true
    return 'visited'
  })
  app.get('/read', async ({ session }) => (session.visited ? 'known' : 'new'))
  app.get('/end', async ({ session }) => {
    await session.destroy()
    return 'ended'
  })
  return app
}

/** Opens a page with or without a cookie, and returns its text and the next cookie. */
async function open(
  app: FastifyInstance,
  url: string,
  cookie = '',
): Promise<{ body: string; cookie: string; setCookie: string }> {
  const { body, headers } = await app.inject({ url, headers: { cookie } })
  const setCookie = String(headers['set-cookie'] ?? '')
  return { body, setCookie, cookie: setCookie.split(';')[0] || cookie }
}

describe('a session', () => {
  test('starts when a value is stored in it, not when it is read', async () => {
    const app = appWithSessions()
    expect((await open(app, '/read')).setCookie).toBe('')
    const { cookie, setCookie } = await open(app, '/visit')
    expect(setCookie).not.toBe('')
    expect((await open(app, '/read', cookie)).body).toBe('known')
    expect((await open(app, '/read')).body).toBe('new')
  })

  test('lives on from its last request, not from its first', async () => {
    const app = appWithSessions({ SESSION_TTL: '100' })
    const { cookie } = await open(app, '/visit')
    for (const _time of [1, 2, 3]) {
      passTime(90)
      expect((await open(app, '/read', cookie)).body).toBe('known')
    }
    passTime(101)
    expect((await open(app, '/read', cookie)).body).toBe('new')
  })

  test('keeps an object unchanged: all concurrent requests share it', async () => {
    const app = appWithSessions()
    const value = { own: true }
    app.get('/put', async ({ session }) => {
      session.value = value
      return 'put'
    })
    app.get('/same', async ({ session }) => (session.value === value ? 'same' : 'copy'))
    const { cookie } = await open(app, '/put')
    expect((await open(app, '/same', cookie)).body).toBe('same')
  })

  const overlaps: [string, string, string][] = [
    ['a value that another request stored meanwhile', '/take', '/visit'],
    ['out a value that another request removed meanwhile', '/visit', '/take'],
  ]
  for (const [sentence, slowPath, quickPath] of overlaps) {
    test(`keeps ${sentence}, when a request of the same session ends later`, async () => {
      const app = appWithSessions()
      const [began, gate] = [new Gate(), new Gate()]
      app.addHook('preHandler', async ({ url }) => {
        if (url !== `${slowPath}?slow`) return
        began.open()
        await gate.opened
      })
      app.get('/put', async ({ session }) => {
        session.value = {}
        return 'put'
      })
      app.get('/take', async ({ session }) => {
        delete session.value
        return 'taken'
      })
      app.get('/all', async ({ session }) => [session.visited ?? false, session.value ?? 'none'])

      const { cookie } = await open(app, '/put')
      const slow = open(app, `${slowPath}?slow`, cookie)
      await began.opened
      await open(app, quickPath, cookie)
      gate.open()
      await slow
      expect(JSON.parse((await open(app, '/all', cookie)).body)).toEqual([true, 'none'])
    })
  }

  test("that was ended isn't brought back by a request that starts before and ends after", async () => {
    const app = appWithSessions()
    const [began, gate] = [new Gate(), new Gate()]
    app.get('/slow', async ({ session }) => {
      began.open()
      await gate.opened
      session.value = {}
      return 'slow'
    })
    const { cookie } = await open(app, '/visit')
    const slow = open(app, '/slow', cookie)
    await began.opened
    await open(app, '/end', cookie)
    gate.open()
    expect((await slow).body).toBe('slow')
    expect((await slow).setCookie).toBe('')
    expect((await open(app, '/read', cookie)).body).toBe('new')
  })
})

describe('a flood of sessions', () => {
  test('pushes out other passing ones, but no lasting one', async () => {
    const app = appWithSessions()
    app.get('/last', async ({ session }) => {
      session.visited = true
      session.value = {}
      return 'lasts'
    })
    app.get('/flood', async ({ sessionStore }) => {
      const visit = { cookie: {}, visited: true } as never
      for (let n = 0; n < 100_000; n += 1) sessionStore.set(`flood-${n}`, visit, () => {})
      return 'flooded'
    })
    const [passing, lasting] = [await open(app, '/visit'), await open(app, '/last')]
    await open(app, '/flood')
    expect((await open(app, '/read', passing.cookie)).body).toBe('new')
    expect((await open(app, '/read', lasting.cookie)).body).toBe('known')
  })
})
