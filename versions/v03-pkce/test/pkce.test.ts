import { createHash } from 'node:crypto'
import { Browser, html, redirectQuery, textOf } from '@oauth-lab/shared/testing/browser.ts'
import { ForeignClient } from '@oauth-lab/shared/testing/foreign-client.ts'
import {
  ACCESS_TOKEN,
  basic,
  CODE_CHALLENGE,
  CODE_VERIFIER,
  type Fields,
  type Lab,
  startLab,
} from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  recorded,
  tokenRequests,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { snapshot } from '@oauth-lab/shared/testing/snapshot.ts'
import fc from 'fast-check'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const seen: Exchange[] = []
const programs = recorded(snapshot, seen)
let lab: Lab

beforeAll(async () => {
  lab = await startLab(programs)
})
afterAll(() => lab.close())

/** RFC 7636 section 4.2 */
function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

describe('the client', () => {
  test('sends the challenge of a verifier that is new for each login', async () => {
    const browser = new Browser()
    const challenges = []
    for (const who of [browser, browser, new Browser()]) {
      const query = new URL(await lab.beginLogin(who)).searchParams
      expect(query.get('code_challenge_method')).toBe('S256')
      expect(query.get('code_challenge')).toMatch(/^[\w-]{43}$/)
      expect(query.has('code_verifier')).toBe(false)
      challenges.push(query.get('code_challenge'))
    }
    expect(new Set(challenges).size).toBe(3)
  })

  test('sends the verifier only to the token endpoint, and only once it has the code', async () => {
    const before = seen.length
    const browser = new Browser()
    await lab.login(browser)
    const cookie = await browser.jar.getCookieString(lab.clientUrl)

    const [request, ...more] = tokenRequests(seen.slice(before))
    expect(more).toEqual([])
    const verifier = request?.form?.code_verifier ?? ''
    expect(verifier).toMatch(/^[\w.~-]{43,128}$/)

    const elsewhere = JSON.stringify(seen.slice(before).filter((exchange) => exchange !== request))
    expect(elsewhere).toContain(`code_challenge=${challengeOf(verifier)}`)
    expect(elsewhere).not.toContain(verifier)
    expect(cookie).not.toContain(verifier)
  })

  test("can't use a code stolen from another browser's login", async () => {
    const [victim, thief] = [new Browser(), new Browser()]
    const stolen = new URL(await lab.loginUntilCallback(victim)).searchParams.get('code')
    const page = await thief.visit(await lab.answerLogin(thief, { code: stolen ?? '' }))
    expect(page.status).toBe(400)
    expect(textOf(page, 'main')).toContain('invalid_grant')
    expect(html(page).querySelector('a[href="/login"]')).not.toBeNull()
    expect(tokenRequests(seen).at(-1)?.form?.code).toBe(stolen)
  })
})

describe('the authorization endpoint redirects with invalid_request', () => {
  const rows: [string, Fields | string][] = [
    ['without a challenge', { code_challenge: undefined }],
    ['with an empty challenge', { code_challenge: '' }],
    ['with a challenge of 42 characters', { code_challenge: CODE_CHALLENGE.slice(1) }],
    ['with a challenge of 44 characters', { code_challenge: `${CODE_CHALLENGE}A` }],
    ['with a challenge in plain base64', { code_challenge: CODE_CHALLENGE.replace('-', '+') }],
    ['with padding after the challenge', { code_challenge: `${CODE_CHALLENGE}=` }],
    ['with a space in the challenge', { code_challenge: CODE_CHALLENGE.replace('-', ' ') }],
    ['with a line break after the challenge', { code_challenge: `${CODE_CHALLENGE}\n` }],
    ['with a tilde in the challenge', { code_challenge: CODE_CHALLENGE.replace('-', '~') }],
    ['with two challenges', `code_challenge=${CODE_CHALLENGE}`],
    ['without a method, which would be plain', { code_challenge_method: undefined }],
    ['with an empty method', { code_challenge_method: '' }],
    ['with the method plain', { code_challenge_method: 'plain' }],
    ['with the method in lowercase', { code_challenge_method: 's256' }],
    ['with an unknown method', { code_challenge_method: 'S512' }],
    ['with two methods', 'code_challenge_method=S256'],
    ['with neither of them', { code_challenge: undefined, code_challenge_method: undefined }],
  ]
  for (const [sentence, change] of rows) {
    test(sentence, async () => {
      const url =
        typeof change === 'string' ? `${lab.authorizeUrl()}&${change}` : lab.authorizeUrl(change)
      for (const page of [await new Browser().open(url), await lab.postPassword(url)]) {
        expect(page.location?.split('?')[0]).toBe(lab.redirectUri)
        expect(redirectQuery(page)).toMatchObject({ error: 'invalid_request', state: 'a-state' })
        expect(redirectQuery(page).error_description).toMatch(/^code_challenge/)
        expect(redirectQuery(page)).not.toHaveProperty('code')
      }
    })
  }

  test('but shows a page when the client or the redirect URI is wrong too', async () => {
    for (const change of [{ client_id: 'nobody' }, { redirect_uri: 'https://evil.example/' }]) {
      const page = await new Browser().open(
        lab.authorizeUrl({ ...change, code_challenge: undefined }),
      )
      expect(page.status).toBe(400)
      expect(page.location).toBeUndefined()
    }
  })

  test("for any challenge that can't be a SHA-256", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (code_challenge) => {
        const { pathname, search } = new URL(lab.authorizeUrl({ code_challenge }))
        const { headers } = await lab.server.inject(pathname + search)
        expect(headers.location).toContain('error=invalid_request')
      }),
      { numRuns: 50 },
    )
  })
})

describe('a code', () => {
  test('is accepted with the verifier of RFC 7636 appendix B', async () => {
    expect(challengeOf(CODE_VERIFIER)).toBe(CODE_CHALLENGE)
    const code = await lab.code({ code_challenge: CODE_CHALLENGE })
    expect((await lab.redeem(code, { code_verifier: CODE_VERIFIER })).status).toBe(200)
  })

  test('is accepted with any verifier of 43 to 128 allowed characters', async () => {
    const all = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'
    for (const code_verifier of [all.slice(-43), all, (all + all).slice(0, 128)]) {
      const code = await lab.code({ code_challenge: challengeOf(code_verifier) })
      expect((await lab.redeem(code, { code_verifier })).status).toBe(200)
    }
  })

  const wrong: [string, string][] = [
    ['another verifier', 'x'.repeat(43)],
    ['the challenge as the verifier', CODE_CHALLENGE],
    ['a verifier in capitals', CODE_VERIFIER.toUpperCase()],
    ['a longer verifier', `${CODE_VERIFIER}x`],
    ['the verifier written twice', CODE_VERIFIER + CODE_VERIFIER],
  ]
  for (const [sentence, code_verifier] of wrong) {
    test(`is rejected with ${sentence}, and used up by that`, async () => {
      const code = await lab.code()
      expectError(await lab.redeem(code, { code_verifier }), 'invalid_grant')
      expectError(await lab.redeem(code), 'invalid_grant')
    })
  }

  const malformed: [string, string | undefined][] = [
    ['no verifier', undefined],
    ['an empty verifier', ''],
    ['a verifier of 42 characters', CODE_VERIFIER.slice(1)],
    ['a verifier of 129 characters', 'x'.repeat(129)],
    ['a space in the verifier', CODE_VERIFIER.replace('-', ' ')],
    ['a plus in the verifier', CODE_VERIFIER.replace('-', '+')],
    ['a percent sign in the verifier', CODE_VERIFIER.replace('-', '%')],
    ['a line break after the verifier', `${CODE_VERIFIER}\n`],
    ['a letter outside ASCII in the verifier', CODE_VERIFIER.replace('-', 'é')],
  ]
  for (const [sentence, code_verifier] of malformed) {
    test(`is rejected with ${sentence}, and still works after that`, async () => {
      const code = await lab.code()
      expectError(await lab.redeem(code, { code_verifier }), 'invalid_request')
      expect((await lab.redeem(code)).status).toBe(200)
    })
  }

  test('is rejected with two verifiers, and still works after that', async () => {
    const code = await lab.code()
    const form = { grant_type: 'authorization_code', code, redirect_uri: lab.redirectUri }
    const twice = `code_verifier=${CODE_VERIFIER}&code_verifier=${CODE_VERIFIER}`
    const answer = await lab.tokenRaw(`${new URLSearchParams(form)}&${twice}`, {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic('lab-client', 'lab-client-secret'),
    })
    expectError(answer, 'invalid_request')
    expect((await lab.redeem(code)).status).toBe(200)
  })

  test('without a verifier is rejected before the server looks it up', async () => {
    expectError(await lab.redeem('no-such-code', { code_verifier: undefined }), 'invalid_request')
    expectError(await lab.redeem('no-such-code'), 'invalid_grant')
  })

  test('is rejected for the client before the verifier is checked', async () => {
    const headers = { authorization: undefined }
    expectError(await lab.redeem('x', { code_verifier: undefined }, headers), 'invalid_client')
  })

  test('is accepted only with the right verifier', async () => {
    const unreserved = fc.constantFrom(...CODE_VERIFIER, '.', '~')
    const verifiers = fc.string({ unit: unreserved, minLength: 43, maxLength: 128 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(verifiers, fc.string()), async (code_verifier) => {
        const answer = await lab.redeem(await lab.code(), { code_verifier })
        expect(answer.status).toBe(400)
        expect(['invalid_grant', 'invalid_request']).toContain(answer.body.error)
      }),
      { numRuns: 20 },
    )
  })

  function expectError(answer: Awaited<ReturnType<Lab['token']>>, error: string): void {
    expect(answer.body).toMatchObject({ error, error_description: expect.any(String) })
    expect(answer.status).toBe(error === 'invalid_client' ? 401 : 400)
    expect(answer.body).not.toHaveProperty('access_token')
  }
})

describe('oauth4webapi, another OAuth client, logs in', () => {
  const ways: [string, (secret: string) => oauth.ClientAuth][] = [
    ['with HTTP Basic', oauth.ClientSecretBasic],
    ['with its secret in the body', oauth.ClientSecretPost],
  ]
  for (const [sentence, authentication] of ways) {
    test(`${sentence}, and finds no error in the responses`, async () => {
      const verifier = oauth.generateRandomCodeVerifier()
      const code_challenge = await oauth.calculatePKCECodeChallenge(verifier)
      const url = lab.authorizeUrl({ code_challenge })
      const { location } = await lab.enterPassword(new Browser(), url)
      const tokens = await new ForeignClient(lab, authentication).redeem(location, verifier)
      expect(tokens.access_token).toMatch(ACCESS_TOKEN)
      expect(tokens.token_type).toBe('bearer')
      expect(tokens.expires_in).toBeGreaterThan(0)
    })
  }

  test("unless the code isn't its own, and understands the error", async () => {
    const { location } = await lab.enterPassword(new Browser(), lab.authorizeUrl())
    const redeemed = new ForeignClient(lab).redeem(location, oauth.generateRandomCodeVerifier())
    await expect(redeemed).rejects.toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  test('unless the user gets no login form, and understands the error in the redirect', async () => {
    const { location } = await new Browser().open(lab.authorizeUrl({ code_challenge: undefined }))
    expect(() => new ForeignClient(lab).read(location)).toThrow(oauth.AuthorizationResponseError)
  })
})

test('no response may be cached, no program got a cookie, and nothing crashed', () => {
  expect(unsoundAnswers(seen)).toEqual([])
})
