import formbody from '@fastify/formbody'
import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { Browser } from '../testing/browser.ts'
import { encodeForm, send } from '../testing/exchange.ts'
import { fillIn, formsOn } from '../testing/forms.ts'
import { startLab } from '../testing/lab.ts'
import { freePort } from '../testing/ports.ts'
import { type Exchange, recorded, tokenRequests } from '../testing/recorder.ts'

test('a browser stays on this machine, wherever a redirect leads', async () => {
  const away = 'http://elsewhere.invalid/callback'
  const server = Fastify().get('/away', (_request, reply) => reply.redirect(away))
  const origin = await server.listen({ port: await freePort(), host: 'localhost' })
  const visit = new Browser().visit(`${origin}/away`)
  await expect(visit).rejects.toThrow(`${away} is not an address of this machine`)
  await server.close()
})

describe('a form', () => {
  const [form] = formsOn({
    url: 'http://server.test/page?a=b',
    body: `<form method="post"><input name="text" value="&lt;x&gt;"><input type="checkbox" name="box" value="1">
      <input type="checkbox" name="box" value="2" checked><button name="go" value="deny">No</button>
      <input type="submit" name="go" value="yes"></form>`,
  })
  if (form === undefined) throw new Error('No form')

  test('has the values, the ticked boxes and the buttons of its page', () => {
    expect(form).toEqual({
      action: 'http://server.test/page?a=b',
      method: 'POST',
      values: { text: ['<x>'], box: ['2'] },
      names: new Set(['text', 'box']),
      buttons: [
        { name: 'go', value: 'deny' },
        { name: 'go', value: 'yes' },
      ],
    })
  })

  test("is sent with the pressed button, and with fields that its page doesn't have", () => {
    const sent = encodeForm(fillIn(form, { extra: 'x' }, 'deny'))
    expect(sent).toBe('text=%3Cx%3E&box=2&go=deny&extra=x')
    expect(fillIn(form, {}, 'allow').go).toBe('yes')
    expect(() => fillIn(form, {}, 'maybe')).toThrow('The form has no button maybe')
  })

  test('can leave out a value that its page has', () => {
    expect(encodeForm(fillIn(form, { text: undefined, box: [] }, 'allow'))).toBe('go=yes')
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
