import { Browser, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildClient } from '../client/app.ts'
import { buildServer } from '../server/app.ts'

// What this version still lets happen. Each part says which version ends it, and is gone from there on.

let lab: Lab

beforeAll(async () => {
  lab = await startLab({ buildServer, buildClient })
})
afterAll(() => lab.close())

describe('until v02, state:', () => {
  test('the client asks for no state, and the server sends none back', async () => {
    const begun = await lab.beginLogin(new Browser())
    expect(new URL(begun).searchParams.has('state')).toBe(false)
    const page = await lab.enterPassword(new Browser(), lab.authorizeUrl({ state: 'a-state' }))
    expect(new URL(page.location ?? '').searchParams.has('state')).toBe(false)
  })

  test('two states in one request disturb nobody', async () => {
    const page = await new Browser().open(`${lab.authorizeUrl()}&state=another`)
    expect(page.status).toBe(200)
  })

  test('a browser that began no login accepts the answer to the login of an attacker', async () => {
    const attack = await lab.loginUntilCallback(new Browser(), 'user1')
    const victim = await new Browser().visit(attack)
    expect(victim.status).toBe(200)
    expect(textOf(victim, 'h1')).toBe('Authorized')
  })

  test('an answer is taken as often as somebody makes one up, and each code is tried', async () => {
    for (const code of [await lab.code(), await lab.code()]) {
      const page = await new Browser().open(`${lab.redirectUri}?code=${code}&code_challenge=x`)
      expect(page.status).toBe(200)
    }
  })
})

describe('until v03, PKCE:', () => {
  test('a login without a challenge gets a code, and the code a token without a verifier', async () => {
    const code = await lab.code({ code_challenge: undefined, code_challenge_method: undefined })
    expect((await lab.redeem(code, { code_verifier: undefined })).status).toBe(200)
  })

  test('a challenge and a verifier that have nothing to do with each other are not looked at', async () => {
    const code = await lab.code({ code_challenge: 'x', code_challenge_method: 'plain' })
    expect((await lab.redeem(code, { code_verifier: 'y' })).status).toBe(200)
  })

  test('a code stolen from one browser buys a token in the login of another', async () => {
    const stolen = new URL(await lab.loginUntilCallback(new Browser())).searchParams.get('code')
    const thief = new Browser()
    const page = await thief.visit(await lab.answerLogin(thief, { code: stolen ?? '' }))
    expect(textOf(page, '#code')).toBe(stolen)
    expect(textOf(page, '#access-token')).toMatch(/^[\w-]{43}$/)
  })
})

describe('until v04, protected resource:', () => {
  test('the page after a login shows the code and the access token to everybody who looks', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    const page = await browser.visit(callback)
    expect(textOf(page, '#code')).toBe(new URL(callback).searchParams.get('code'))
    expect(textOf(page, '#access-token')).toMatch(/^[\w-]{43}$/)
    expect(textOf(page, '#expires-in')).toBe('3600')
  })

  test('the access token opens nothing: there is no resource', async () => {
    const { body } = await lab.redeem(await lab.code())
    expect((await lab.me(`Bearer ${body.access_token}`)).status).toBe(404)
  })

  test('the client forgets who came as soon as the page is shown: no profile, no logout', async () => {
    const browser = new Browser()
    await lab.login(browser)
    expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(404)
    const logout = await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
    expect(logout.status).toBe(404)
  })
})

describe('until v05, refresh tokens:', () => {
  test('an access token lives for an hour, and so does a stolen one', async () => {
    expect((await lab.redeem(await lab.code())).body.expires_in).toBe(3600)
  })

  test('there is nothing to renew an access token with: the user has to log in again', async () => {
    expect((await lab.redeem(await lab.code())).body).not.toHaveProperty('refresh_token')
    const answer = await lab.token({ grant_type: 'refresh_token', refresh_token: 'x' })
    expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
  })
})
