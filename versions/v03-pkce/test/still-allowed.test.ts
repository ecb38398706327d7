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
