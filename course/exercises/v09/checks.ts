import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, html, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { basic, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import { encodeForm, type FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { Gate } from '@oauth-lab/shared/testing/hooks.ts'
import {
  answered,
  type CheckDriver,
  expectAnswer,
  expectRejected,
  hasLinkTo,
  jsonOf,
  linkTo,
  must,
  OTHER_CLIENT,
  type Stage,
  textOf,
} from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { hangUp, randomValue, type StandInAnswer, type Tokens, tokenRefused } from '../stand-in.ts'
import { stateStill } from '../v03/checks.ts'
import { FILE_OF, freshSession, isShut, logIn, openWith } from '../v04/checks.ts'
import { familyOf, openProfile, refreshNonsense, refuseOnce } from '../v05/checks.ts'
import { keepsTokens, openEmail } from '../v06/checks.ts'

const REVOCATION = 'client/revocation.ts'

/** The lifetime of a login at the short server, in milliseconds. */
const SHORT = 900
/** How many times to try the check that depends on time, because the machine may be too slow for it. */
const TRIES = 4
/** How long a logout may take, in milliseconds: less than a client waits for a response. */
const LOGOUT_LIMIT = 3_000
const CLIENT = basic('lab-client', 'lab-client-secret')
const SECRET = { client_id: 'lab-client', client_secret: 'lab-client-secret' }
const ENDED = 'was ended or has run out'

export const settings: CheckSettings = {
  short: { REFRESH_TOKEN_TTL: String(SHORT / 1000) },
  scopes: ['profile', 'email'],
}

export const sentences: Sentence[] = [
  {
    id: 'revoke-client',
    text: 'POST /revoke authenticates the client as POST /token does: a wrong secret gets 401 and invalid_client',
    file: 'server/routes/revoke.ts',
    async probe({ server }) {
      const { access_token: token } = await server.tokens()
      const wrong: [what: string, authorization: string | undefined, more?: Fields][] = [
        ['a wrong secret', basic('lab-client', 'wrong')],
        ['an unknown client', basic('nobody', 'wrong')],
        ['no credentials', undefined],
        ['a client_id without a secret', undefined, { client_id: 'lab-client' }],
        ['a wrong secret in the body', undefined, { ...SECRET, client_secret: 'wrong' }],
      ]
      for (const [what, authorization, more] of wrong) {
        const page = await revoke(server, { token, ...more }, { authorization })
        expectError(page, '401 invalid_client', what)
        must(
          /^Basic\b/i.test(String(page.headers['www-authenticate'])),
          `${what} gets 401 without WWW-Authenticate: Basic`,
        )
      }
      const twice = await revoke(server, { token, ...SECRET })
      expectError(twice, '400 invalid_request', 'a secret in the header and in the body')
      await expectWorks(server, token, 'after requests that authenticate no client')
      const inBody = await revoke(server, { token, ...SECRET }, { authorization: undefined })
      const right = { status: inBody.status, body: jsonOf(inBody) }
      expectAnswer(right, 200, 'POST /revoke with the right secret in the body')
    },
  },
  {
    id: 'revoke-request',
    text: 'A request without a token, with a parameter twice, or with a body that is no form gets 400 and invalid_request',
    file: 'server/routes/revoke.ts',
    needs: ['revoke-client'],
    async probe({ server }) {
      const { access_token: token } = await server.tokens()
      const wrong: [what: string, body: FormFields][] = [
        ['no token', { token_type_hint: 'access_token' }],
        ['an empty token', { token: '' }],
        ['the token twice', { token: [token, token] }],
        ['two tokens', { token: [token, randomValue()] }],
        ['token_type_hint twice', { token, token_type_hint: ['a', 'b'] }],
        ['an unknown parameter twice', { token, x: ['1', '2'] }],
      ]
      for (const [what, body] of wrong) {
        expectError(await revoke(server, body), '400 invalid_request', what)
      }
      const wrongSecret = basic('lab-client', 'wrong')
      const both = await revoke(server, {}, { authorization: wrongSecret })
      expectError(both, '401 invalid_client', 'a wrong secret and no token')
      for (const authorization of [CLIENT, wrongSecret]) {
        const headers = { authorization, 'content-type': 'application/json' }
        const page = await revoke(server, JSON.stringify({ token }), headers)
        const who = authorization === CLIENT ? '' : ', with a wrong secret,'
        expectError(page, '400 invalid_request', `a body that is JSON${who}`)
      }
      await expectWorks(server, token, 'after requests that get invalid_request')
    },
  },
  {
    id: 'revoke-json',
    text: 'GET /revoke gets 405, and a body that is too large gets 413, both in JSON',
    file: 'server/routes/revoke.ts',
    needs: ['revoke-client'],
    async probe({ server }) {
      const { access_token: token } = await server.tokens()
      const get = await server.browser().open(`${server.serverUrl}/revoke?token=${token}`)
      const large = await revoke(server, { token: 'x'.repeat(17_000) })
      for (const [what, page, status] of [
        ['GET /revoke', get, 405],
        ['a body of 17,000 characters', large, 413],
      ] as const) {
        must(page.status === status, `${what} gets ${page.status}`)
        must(
          jsonOf(page).error === 'invalid_request',
          `${what} gets ${status} as a page, but programs call this address: add backChannel: true to the config of the route`,
        )
      }
      await expectWorks(server, token, 'after GET /revoke')
    },
  },
  {
    id: 'revoke-unknown',
    text: 'An unknown token, or a code, gets 200 and an empty body, and the code still works',
    file: 'server/routes/revoke.ts',
    needs: ['revoke-client'],
    async probe({ server }) {
      for (const token of ['x', '__proto__', randomValue(), randomValue() + randomValue()]) {
        expectYes(await revoke(server, { token }), 'an unknown token')
      }
      const code = await server.code()
      expectYes(await revoke(server, { token: code }), 'a code')
      const answer = await server.redeem(code)
      expectAnswer(answer, 200, 'after POST /revoke with a code, the code')
      expectYes(await revoke(server, { token: code }), 'a used code')
      const token = String(answer.body.access_token)
      await expectWorks(server, token, 'after POST /revoke with a used code')
    },
  },
  {
    id: 'access-ends',
    text: 'A revoked access token no longer opens /api/me, and revoking it again is no error',
    file: 'server/routes/revoke.ts',
    needs: ['revoke-unknown'],
    async probe({ server }) {
      const { access_token: token } = await server.tokens()
      for (const what of ['an access token', 'an access token that was revoked before']) {
        expectYes(await revoke(server, { token }), what)
        await expectDead(server, token, `after POST /revoke with ${what}`)
      }
    },
  },
  {
    id: 'access-alone',
    text: 'A revoked access token ends alone: the other tokens of its login still work',
    file: 'server/routes/revoke.ts',
    needs: ['access-ends'],
    async probe({ server }) {
      const [first, second] = await familyOf(server)
      expectYes(await revoke(server, { token: first.access_token }), 'an access token')
      const after = 'after POST /revoke with an older access token'
      await expectDead(server, first.access_token, after)
      await expectWorks(server, second.access_token, after, ' of the refresh')
      await revoke(server, { token: second.access_token })
      const answer = await server.refresh(second.refresh_token)
      const what = 'after POST /revoke with an access token, the refresh token of its login'
      expectAnswer(answer, 200, what)
    },
  },
  {
    id: 'refresh-ends',
    text: 'A revoked refresh token ends its login: the refresh token and all access tokens',
    file: 'server/routes/revoke.ts',
    needs: ['revoke-unknown'],
    async probe({ server }) {
      const login = await server.tokens()
      expectYes(await revoke(server, { token: login.refresh_token }), 'a refresh token')
      await expectLoginEnded(server, [login], 'after POST /revoke with its refresh token')
      const family = await familyOf(server)
      expectYes(await revoke(server, { token: family[1].refresh_token }), 'a refresh token')
      const what = 'after a refresh, and POST /revoke with the new refresh token'
      await expectLoginEnded(server, family, what)
      const again = await revoke(server, { token: login.refresh_token })
      expectYes(again, 'a refresh token that was revoked before')
    },
  },
  {
    id: 'used-ends',
    text: 'A used refresh token that is revoked ends its login, too',
    file: 'server/routes/revoke.ts',
    needs: ['access-ends', 'refresh-ends'],
    async probe({ server }) {
      const family = await familyOf(server)
      expectYes(await revoke(server, { token: family[0].refresh_token }), 'a used refresh token')
      await expectLoginEnded(server, family, 'after POST /revoke with a used refresh token')
    },
  },
  {
    id: 'one-login',
    text: 'A revoked refresh token ends no other login of the same user',
    file: 'server/routes/revoke.ts',
    needs: ['access-ends', 'refresh-ends'],
    async probe({ server }) {
      const [login, other] = [await server.tokens(), await server.tokens()]
      await revoke(server, { token: login.refresh_token })
      const after = 'after POST /revoke with the refresh token of one login'
      await expectDead(server, login.access_token, after)
      await expectWorks(server, other.access_token, after, ' of another login')
      const answer = await server.refresh(other.refresh_token)
      expectAnswer(answer, 200, `${after}, the refresh token of another login`)
    },
  },
  {
    id: 'any-hint',
    text: 'Whatever token_type_hint says, the token is found',
    file: 'server/routes/revoke.ts',
    needs: ['access-ends', 'refresh-ends'],
    async probe({ server }) {
      for (const kind of ['access_token', 'refresh_token'] as const) {
        for (const token_type_hint of ['access_token', 'refresh_token', 'x', '']) {
          const login = await server.tokens()
          const what = `a valid ${kind} with token_type_hint=${token_type_hint}`
          expectYes(await revoke(server, { token: login[kind], token_type_hint }), what)
          await expectDead(server, login.access_token, `after POST /revoke with ${what}`)
        }
      }
    },
  },
  {
    id: 'expired',
    text: 'An expired refresh token gets 200, no matter who sends it, and ends nothing',
    on: 'short server',
    file: 'server/routes/revoke.ts',
    needs: ['access-ends', 'refresh-ends'],
    probe: expiredEndsNothing,
  },
  {
    id: 'other-client',
    text: "Another client's token gets 400 and invalid_grant while it lives, and nothing ends",
    file: 'server/routes/revoke.ts',
    needs: ['used-ends'],
    async probe({ server }) {
      const [first, second] = await familyOf(server)
      const tokens = {
        'an access token of another client': second.access_token,
        'a refresh token of another client': second.refresh_token,
        'a used refresh token of another client': first.refresh_token,
      }
      for (const [what, token] of Object.entries(tokens)) {
        const page = await revoke(server, { token }, OTHER_CLIENT)
        const after = `after POST /revoke with ${what}`
        await expectWorks(server, second.access_token, after, ' of its own client')
        expectError(page, '400 invalid_grant', what)
      }
      const answer = await server.refresh(second.refresh_token)
      expectAnswer(answer, 200, 'after another client tried to revoke a login, its refresh token')
      const ended = await server.tokens()
      await revoke(server, { token: ended.refresh_token })
      for (const token of [ended.access_token, ended.refresh_token]) {
        const page = await revoke(server, { token }, OTHER_CLIENT)
        expectYes(page, 'a token of another client that has ended before')
      }
    },
  },
  {
    id: 'logout-nobody',
    text: "A logout of someone who isn't logged in asks the server nothing",
    file: 'client/routes/logout.ts',
    async probe(stage) {
      const { browser } = await logIn(stage)
      await logOut(stage, browser)
      const before = stage.standIn.revocations.length
      const nobodies = { 'a new browser': stage.browser(), 'someone who is logged out': browser }
      for (const [who, nobody] of Object.entries(nobodies)) {
        const page = await logOut(stage, nobody)
        must(page.status === 303, `POST /logout of ${who} returns ${page.status}`)
        must(
          stage.standIn.revocations.length === before,
          `POST /logout of ${who} sends something to POST /revoke`,
        )
      }
    },
  },
  {
    id: 'logout-revokes',
    text: 'POST /logout revokes the refresh token of its session, and sends the browser to /',
    file: 'client/routes/logout.ts',
    async probe(stage) {
      const other = await logIn(stage)
      const { browser } = await logIn(stage)
      const page = await logOut(stage, browser)
      stage.expectAccepted()
      const { refresh_token } = stage.standIn.issued[1] ?? {}
      expectRevoked(stage, refresh_token, 'POST /logout', { file: REVOCATION })
      must(
        page.status !== 502,
        'after the server has confirmed it with an empty body, POST /logout returns 502: callBackChannel reads no body with ignoreBody: true',
        REVOCATION,
      )
      must(
        page.status === 303 && page.location === `${stage.clientUrl}/`,
        `POST /logout returns ${page.status}, and sends the browser to ${page.location}`,
      )
      const { status } = await openProfile(stage, other.browser)
      must(
        status === 200,
        `after a logout in another browser, GET /profile returns ${status}: it ended this login, too`,
      )
    },
  },
  {
    id: 'any-body',
    text: 'A 200 from POST /revoke is a yes, whatever its body says',
    file: 'client/revocation.ts',
    needs: ['logout-revokes'],
    async probe(stage) {
      for (const body of ['<h1>Done</h1>', '[]', { error: 'invalid_token' }]) {
        const { browser } = await logIn(stage)
        stage.standIn.onRevoke = () => ({ status: 200, body })
        const { status } = await logOut(stage, browser)
        expectTold(stage, 'POST /logout')
        must(
          status === 303,
          `when POST /revoke returns 200 with ${JSON.stringify(body)}, POST /logout returns ${status}`,
        )
      }
    },
  },
  {
    id: 'logout-newest',
    text: 'After a refresh, the logout revokes the newest refresh token',
    file: 'client/token-manager.ts',
    needs: ['logout-revokes'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      refuseOnce(stage.standIn)
      await openProfile(stage, browser)
      await logOut(stage, browser)
      const what = 'after a refresh, POST /logout'
      expectRevoked(stage, stage.standIn.issued[1]?.refresh_token, what)
    },
  },
  {
    id: 'logout-access',
    text: 'Without a refresh token, the logout revokes the access token',
    file: 'client/revocation.ts',
    needs: ['logout-revokes'],
    async probe(stage) {
      stage.standIn.onToken = () => stage.standIn.tokens({ refresh_token: undefined })
      const { browser } = await logIn(stage)
      await logOut(stage, browser)
      stage.expectAccepted()
      const what = 'after a token response without a refresh token, POST /logout'
      expectRevoked(stage, stage.standIn.issued[0]?.access_token, what)
    },
  },
  {
    id: 'session-first',
    text: 'The session has ended before the server is told, and stays ended when that fails',
    file: 'client/routes/logout.ts',
    needs: ['logout-revokes'],
    async probe(stage) {
      for (const fails of [false, true]) {
        const { browser } = await logIn(stage)
        const cookie = await browser.jar.getCookieString(stage.clientUrl)
        let meanwhile: number | undefined
        stage.standIn.onRevoke = async (request) => {
          meanwhile = (await openWith(stage, cookie, '/profile')).status
          if (fails) hangUp()
          return stage.standIn.revoke(request)
        }
        await logOut(stage, browser)
        must(meanwhile, 'POST /logout sends nothing to POST /revoke')
        must(
          isShut(meanwhile),
          `while the client tells the server about a logout, GET /profile still returns ${meanwhile}: someone who leaves a slow server isn't logged out`,
        )
        const { status } = await openWith(stage, cookie, '/profile')
        must(
          isShut(status),
          `when POST /revoke gets no response, the user stays logged in: GET /profile returns ${status}`,
        )
      }
    },
  },
  {
    id: 'untold',
    text: "When the server can't be told, or doesn't confirm it, POST /logout returns a 502 page",
    file: 'client/revocation.ts',
    needs: ['session-first'],
    async probe(stage) {
      const noes: [what: string, answer: () => StandInAnswer, file?: string][] = [
        // A page comes by itself unless someone catches the error.
        ['gets no response', hangUp, 'client/routes/logout.ts'],
        ['returns 503', () => ({ status: 503, body: {} })],
        ['returns 202', () => ({ status: 202, body: {} })],
        [
          'returns 400 and invalid_grant',
          () => ({ status: 400, body: { error: 'invalid_grant' } }),
        ],
        ['returns 401', () => ({ status: 401, body: '' })],
        ['redirects', () => ({ status: 307, headers: { location: '/elsewhere' }, body: {} })],
      ]
      for (const [what, answer, file] of noes) {
        const { browser } = await logIn(stage)
        stage.standIn.onRevoke = answer
        const page = await logOut(stage, browser)
        expectTold(stage, 'POST /logout')
        const request = `when POST /revoke ${what}, POST /logout`
        must(
          page.status === 502 || page.location !== undefined,
          `${request} returns a page with status ${page.status}, not 502`,
        )
        must(
          page.status === 502,
          `${request} returns ${page.status}: ${file ? `this file or ${REVOCATION} catches the error, and ` : ''}nobody learns that the tokens still work`,
          file,
        )
      }
    },
  },
  {
    id: 'untold-page',
    text: 'The 502 page of POST /logout says "logged out", which server it is, and what may still work, links to /, and shows no token',
    file: 'client/revocation.ts',
    needs: ['logout-access', 'untold'],
    async probe(stage) {
      for (const changes of [{}, { expires_in: undefined }, { refresh_token: undefined }]) {
        for (const answer of [hangUp, () => ({ status: 503, body: {} })]) {
          stage.reset()
          stage.standIn.onToken = () => stage.standIn.tokens(changes)
          const { browser } = await logIn(stage)
          stage.standIn.onRevoke = answer
          expectStillAlive(stage, await logOut(stage, browser), changes)
        }
      }
    },
  },
  {
    id: 'late-exchange',
    text: 'Tokens from an exchange that ends after the logout are revoked',
    file: 'client/routes/callback.ts',
    needs: ['logout-access'],
    async probe(stage) {
      for (const refresh of [{}, { refresh_token: undefined }]) {
        stage.reset()
        const browser = stage.browser()
        const page = await logInDuringLogout(stage, browser, refresh)
        stage.expectAccepted()
        const [late] = stage.standIn.issued
        must(late, 'the client sends no token request')
        const kind = 'refresh_token' in refresh ? 'access_token' : 'refresh_token'
        const what = 'after a logout during the token request, GET /callback'
        expectRevoked(stage, late[kind], what)
        must(
          page.location === `${stage.clientUrl}/`,
          `${what} ${page.location === undefined ? `returns ${page.status}` : `sends the browser to ${page.location}`}, but it should lead to /`,
        )
        const { status } = await openProfile(stage, browser)
        must(isShut(status), `${what} logs in all the same: GET /profile returns ${status}`)
      }
    },
  },
  {
    id: 'late-refresh',
    text: 'Tokens from a refresh that ends after the logout are revoked',
    file: 'client/token-manager.ts',
    needs: ['session-first'],
    async probe(stage) {
      for (const refresh of [{}, { refresh_token: undefined }]) {
        stage.reset()
        const page = await logOutDuringRefresh(stage, refresh)
        const [first, late] = stage.standIn.issued
        must(late, "when /api/me rejects the access token, the client doesn't refresh it")
        const hasNone = 'refresh_token' in refresh
        const what = hasNone
          ? 'after a logout during a refresh that brings no new refresh token, which leaves the old one in use, the client'
          : 'after a logout during a refresh, the client'
        must(
          stage.standIn.revocations.length > 1,
          `${what} revokes nothing when the new tokens arrive, though the server never heard of the logout`,
        )
        expectRevoked(stage, (hasNone ? first : late)?.refresh_token, what, { skip: 1 })
        must(isShut(page.status), `${what} returns ${page.status}, not its 401 page`)
      }
    },
  },
  {
    id: 'late-untold',
    text: "When the server can't be told about late tokens, the tab that waits for them gets the 502 page of the logout",
    file: 'client/routes/callback.ts',
    needs: ['untold-page', 'late-exchange', 'late-refresh'],
    async probe(stage) {
      const when = "when the server can't be told about late tokens"
      stage.standIn.onRevoke = hangUp
      const callback = await logInDuringLogout(stage, stage.browser())
      must(callback.status === 502, `${when}, GET /callback returns ${callback.status}`)
      expectLoggedOutHere(callback, 'GET /callback')

      stage.reset()
      const page = await logOutDuringRefresh(stage, {}, hangUp)
      must(
        page.status === 502,
        `${when}, the page that waited for the refresh has status ${page.status}`,
        'client/token-manager.ts',
      )
      expectLoggedOutHere(page, 'GET /profile')
    },
  },
  {
    id: 'failed-login-keeps',
    text: 'A login that fails revokes nothing, and a user who was logged in still is',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const { browser } = await logIn(stage)
      const denied = await stage.begin(browser)
      await stage.bring(browser, { error: 'access_denied', state: denied.state })
      must(
        stage.standIn.revocations.length === 0,
        'a login that the user denies revokes the tokens of the login before',
      )
      stage.standIn.onToken = () => ({ status: 400, body: { error: 'invalid_grant' } })
      const { state } = await stage.begin(browser)
      await stage.bring(browser, { code: randomValue(), state })
      await stage.bring(browser, { code: randomValue(), state: randomValue() })
      must(
        stage.standIn.revocations.length === 0,
        'a login that fails revokes the tokens of the login before',
      )
      const { status } = await openProfile(stage, browser)
      must(status === 200, `after a login that fails, GET /profile returns ${status}`)
    },
  },
  {
    id: 'replaces',
    text: 'A new login revokes the tokens that it replaces, and no others',
    file: 'client/routes/callback.ts',
    needs: ['logout-revokes'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      await logInAgain(stage, browser)
      const [before, now] = stage.standIn.issued
      const what = 'a new login in the same browser'
      expectRevoked(stage, before?.refresh_token, `${what}, up to the response of GET /callback,`)
      must(
        !revokedAt(stage).some((token) => Object.values(now ?? {}).includes(String(token))),
        `${what} revokes its own new tokens`,
      )
      const { status } = await openProfile(stage, browser)
      must(status === 200, `after ${what}, GET /profile returns ${status}`)
    },
  },
  {
    id: 'replaces-anyway',
    text: "When the server can't be told about the replaced tokens, the login goes on",
    file: 'client/routes/callback.ts',
    needs: ['replaces'],
    async probe(stage) {
      for (const answer of [hangUp, () => ({ status: 503, body: {} })]) {
        stage.reset()
        const { browser } = await logIn(stage)
        stage.standIn.onRevoke = answer
        const callback = await logInAgain(stage, browser)
        const what = "when a new login can't revoke the old tokens"
        expectTold(stage, what)
        must(callback.status === 303, `${what}, GET /callback returns ${callback.status}`)
        const { status } = await openProfile(stage, browser)
        must(status === 200, `${what}, GET /profile returns ${status} after it`)
        const { access_token } = stage.standIn.issued[1] ?? {}
        must(
          stage.standIn.resourceRequests.at(-1) === `Bearer ${access_token}`,
          `${what}, the session keeps the old ones`,
        )
      }
    },
  },
  {
    id: 'late-replace',
    text: 'A logout while a login revokes the old tokens ends that login too, and its tokens are revoked',
    file: 'client/routes/callback.ts',
    needs: ['replaces', 'late-exchange'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      const cookie = await browser.jar.getCookieString(stage.clientUrl)
      const [asked, gate] = [new Gate(), new Gate()]
      stage.standIn.onRevoke = async (request) => {
        if (stage.standIn.revocations.length === 1) {
          asked.open()
          await gate.opened
        }
        return stage.standIn.revoke(request)
      }
      const slow = logInAgain(stage, browser)
      await Promise.race([asked.opened, slow])
      expectTold(stage, 'a new login in the same browser')
      await logOutWith(stage, cookie)
      gate.open()
      await slow
      const after = 'after a logout while a login revokes the old tokens'
      const { status } = await openProfile(stage, browser)
      must(isShut(status), `${after}, the user is logged in: GET /profile returns ${status}`)
      const late = stage.standIn.issued[1]?.refresh_token
      expectRevoked(stage, late, `${after}, the client`)
    },
  },
  {
    id: 'ended-page',
    text: `When a refresh is rejected, the 401 page says "${ENDED}", has a link "Connect again" to /login, and redirects nowhere`,
    file: 'client/api.ts',
    async probe(stage) {
      for (const path of ['/profile', '/email', '/']) {
        expectEndedPage(await openAfterEnd(stage, path), 'when a refresh is rejected')
      }
    },
  },
  {
    id: 'ended-fresh',
    text: `The 401 page also says "${ENDED}" when a fresh token gets a 401, or when there is no refresh token`,
    file: 'client/api.ts',
    needs: ['ended-page'],
    async probe(stage) {
      for (const changes of [{}, { refresh_token: undefined }]) {
        stage.standIn.onToken = () => stage.standIn.tokens(changes)
        const { browser } = await logIn(stage)
        stage.standIn.onResource = tokenRefused
        const page = await openProfile(stage, browser)
        const what = 'refresh_token' in changes ? 'the only' : 'even a fresh'
        expectEndedPage(page, `when /api/me rejects ${what} token`)
      }
    },
  },
  {
    id: 'ended-forgets',
    text: 'After a rejected refresh the tokens are forgotten: the next page says "token missing from session", links to /login with "Log in", and asks the server nothing',
    file: 'client/api.ts',
    async probe(stage) {
      const browser = stage.browser()
      await openAfterEnd(stage, '/profile', browser)
      const { tokenRequests, resourceRequests } = stage.standIn
      const before = tokenRequests.length + resourceRequests.length
      const page = await openProfile(stage, browser)
      must(
        tokenRequests.length + resourceRequests.length === before,
        'after a rejected refresh, the next GET /profile asks the server again',
      )
      must(
        page.status === 401 && textOf(page).includes('token missing from session'),
        `after a rejected refresh, the next GET /profile returns ${page.status} and doesn't say "token missing from session"`,
      )
      must(
        !textOf(page).includes(ENDED) && linkTo(page, '/login')?.text.trim() === 'Log in',
        `without tokens, the 401 page says "${ENDED}", or has no link "Log in" to /login. It must stay as in v08`,
      )
    },
  },
  { ...keepsTokens, needs: [] },
  { ...refreshNonsense, needs: [] },
  freshSession,
  stateStill,
  {
    id: 'together',
    text: 'Everything together: a logout ends the tokens at the server, and after access was ended there, the link on the 401 page connects again',
    on: 'both',
    file: 'client/routes/logout.ts',
    async probe(stage) {
      const { server, standIn } = stage
      const browser = stage.browser()
      await stage.loginAtServer(browser, 'user1')
      const first: Tokens = JSON.parse(standIn.passedOnTokens ?? '')
      const { status } = await logOut(stage, browser)
      const because = standIn.passedOnError === undefined ? '' : `: ${standIn.passedOnError}`
      must(status === 303, `POST /logout returns ${status}${because}`)
      await expectLoginEnded(server, [first], 'after a logout at the client')

      const again = await browser.visit(`${stage.clientUrl}/login`)
      const { pathname } = new URL(again.url)
      must(
        pathname === '/profile',
        `after a logout at the client, the next login stops at ${pathname} of the server: POST /revoke ends tokens, but the server still remembers what the user allowed`,
        'server/routes/revoke.ts',
      )
      const second: Tokens = JSON.parse(standIn.passedOnTokens ?? '')
      await revoke(server, { token: second.refresh_token })
      const page = await openProfile(stage, browser)
      const end = await browser.visit(expectEndedPage(page, 'after access was ended at the server'))
      must(
        end.status === 200 && textOf(end).includes('User Number 1'),
        `the link on the 401 page ends at ${new URL(end.url).pathname}, which returns ${end.status} without the user name`,
      )
    },
  },
]

/** Posts a body to the revocation endpoint, as the registered client unless headers say otherwise. */
export async function revoke(
  server: CheckDriver,
  body: FormFields | string,
  headers: Fields = {},
): Promise<Page> {
  const page = await server.browser().open(`${server.serverUrl}/revoke`, {
    method: 'POST',
    headers: {
      authorization: CLIENT,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    body: typeof body === 'string' ? body : encodeForm(body),
  })
  must(page.status !== 404, 'the server has no POST /revoke', 'server/routes/revoke.ts')
  return page
}

/** @throws {NotYet} unless the revocation endpoint says yes */
function expectYes(page: Page, what: string): void {
  const got = answered(page.status, jsonOf(page))
  must(page.status === 200, `POST /revoke with ${what} gets ${got}`)
  must(page.body === '', `POST /revoke with ${what} gets 200 with a body, but it should be empty`)
}

/** @throws {NotYet} unless the revocation endpoint rejects a request with this status and error */
function expectError(page: Page, wanted: `${number} ${string}`, what: string): void {
  const body = jsonOf(page)
  const request = `POST /revoke with ${what}`
  const isPage = page.body.startsWith('<')
  // Without the handler of the token endpoint, an OAuthError gets the default response.
  const isDefault = page.status === 400 && (wanted.startsWith('401') || isPage)
  must(
    !isDefault,
    `${request} gets ${isPage ? 'an error page' : answered(400, body)}, not ${wanted.replace(' ', ' and ')} in JSON. An error handler is only for its own plugin: register the route inside that of POST /token`,
    'server/routes/token.ts',
  )
  expectRejected({ status: page.status, body }, wanted, request)
}

/** @throws {NotYet} unless an access token works */
export async function expectWorks(
  server: CheckDriver,
  token: string,
  when: string,
  whose = '',
): Promise<void> {
  const { status } = await server.me(`Bearer ${token}`)
  must(status === 200, `${when}, GET /api/me returns ${status} for the access token${whose}`)
}

/** @throws {NotYet} if an access token still works */
export async function expectDead(server: CheckDriver, token: string, when: string): Promise<void> {
  const { status } = await server.me(`Bearer ${token}`)
  must(status === 401, `${when}, GET /api/me returns ${status} for the access token`)
}

/** @throws {NotYet} unless every access token of a login has ended, and its newest refresh token */
export async function expectLoginEnded(
  server: CheckDriver,
  login: Tokens[],
  after: string,
): Promise<void> {
  for (const { access_token } of login) await expectDead(server, access_token, after)
  const answer = await server.refresh(login.at(-1)?.refresh_token ?? '')
  expectAnswer(answer, 400, `${after}, the refresh token`)
}

async function expiredEndsNothing(stage: Stage, tries = TRIES): Promise<void> {
  const { server } = stage
  const began = performance.now()
  const live = await server.tokens()
  await revoke(server, { token: live.refresh_token })
  const isInTime = performance.now() - began < SHORT
  // On a slow machine it had expired by then, which proves nothing.
  if (!isInTime && tries > 1) return expiredEndsNothing(stage, tries - 1)
  if (isInTime) await expectDead(server, live.access_token, 'after POST /revoke in time')

  const { access_token, refresh_token: token } = await server.tokens()
  await sleep(SHORT + 100)
  const what = `a refresh token that has expired (REFRESH_TOKEN_TTL=${SHORT / 1000})`
  for (const headers of [{}, OTHER_CLIENT]) {
    expectYes(await revoke(server, { token }, headers), what)
    await expectWorks(server, access_token, `after POST /revoke with ${what}`)
  }
}

/** A login up to the response of the callback. */
async function logInAgain(stage: Stage, browser: Browser): Promise<Page> {
  const { state } = await stage.begin(browser)
  return stage.bring(browser, { code: randomValue(), state })
}

/** Logs out at the client. */
function logOut({ clientUrl }: Stage, browser: Browser): Promise<Page> {
  return browser.open(`${clientUrl}/logout`, { method: 'POST' })
}

/** Logs out at the client as someone who has only a cookie. */
function logOutWith(stage: Stage, cookie: string): Promise<Page> {
  const options = { method: 'POST', headers: { cookie } }
  return stage.browser().open(`${stage.clientUrl}/logout`, options)
}

/** A login with a logout while the server handles the token request. Returns the callback's response. */
function logInDuringLogout(stage: Stage, browser: Browser, changes = {}): Promise<Page> {
  stage.standIn.onToken = async () => {
    await logOutWith(stage, await browser.jar.getCookieString(stage.clientUrl))
    return stage.standIn.tokens(changes)
  }
  return logInAgain(stage, browser)
}

/**
 * A logout that the server never hears of while it handles a refresh. Returns the page that waited for
 * the refresh.
 *
 * @param later the response to what the client revokes after the logout
 */
async function logOutDuringRefresh(
  stage: Stage,
  changes: Fields,
  later = stage.standIn.onRevoke,
): Promise<Page> {
  const { standIn } = stage
  const { browser } = await logIn(stage)
  const cookie = await browser.jar.getCookieString(stage.clientUrl)
  refuseOnce(standIn)
  let logout: Promise<boolean> | undefined
  let isWaiting = false
  standIn.onToken = async () => {
    standIn.onRevoke = hangUp
    logout = logOutWith(stage, cookie).then(() => false)
    isWaiting = await Promise.race([logout, sleep(LOGOUT_LIMIT, true, { ref: false })])
    standIn.onRevoke = later
    return standIn.tokens(changes)
  }
  const page = await openProfile(stage, browser)
  // The next check must not meet this logout.
  await logout
  must(
    !isWaiting,
    'POST /logout waits for a refresh that is running. It should return before, and the client should revoke the new tokens when they arrive',
  )
  return page
}

/** The tokens that the client revoked. */
function revokedAt({ standIn }: Stage): unknown[] {
  return standIn.revocations.map(({ form }) => form.get('token'))
}

/** @throws {NotYet} unless the client sent something to the revocation endpoint */
function expectTold({ standIn }: Stage, what: string): void {
  must(standIn.revocations.length > 0, `${what} sends nothing to POST /revoke`)
}

/**
 * @param skip how many requests to ignore
 * @param file where to look if the client revoked something else
 * @throws {NotYet} unless the client revoked this token
 */
function expectRevoked(
  stage: Stage,
  token: string | undefined,
  what: string,
  { skip = 0, file }: { skip?: number; file?: string } = {},
): void {
  expectTold(stage, what)
  const sent = revokedAt(stage).slice(skip)
  const { issued } = stage.standIn
  const indexOf = (one: unknown) => issued.findIndex((its) => Object.values(its).includes(`${one}`))
  const isNumbered = sent.some((one) => indexOf(one) !== indexOf(token))
  const nameOf = (one: unknown) => {
    const at = indexOf(one)
    if (at === -1) return 'a token that the server never issued'
    const kind = issued[at]?.refresh_token === one ? 'refresh' : 'access'
    return `the ${kind} token${isNumbered ? ` of token response ${at + 1}` : ''}`
  }
  const wrong = sent.map(nameOf).join(' and ')
  must(sent.includes(token), `${what} revokes ${wrong}, not ${nameOf(token)}`, file)
}

/** @throws {NotYet} unless a page says that the user is logged out all the same */
function expectLoggedOutHere(page: Page, request: string): void {
  must(
    /logged out/i.test(textOf(page)),
    `the 502 page of ${request} doesn't say "logged out": its readers can't know whether they are`,
    REVOCATION,
  )
}

/** @throws {NotYet} unless the page of a logout that the server didn't confirm says what may still work */
function expectStillAlive(stage: Stage, page: Page, changes: Fields): void {
  const request = 'the 502 page of POST /logout'
  const text = textOf(page)
  expectLoggedOutHere(page, 'POST /logout')
  must(text.includes(stage.standIn.url), `${request} doesn't name the server, ${stage.standIn.url}`)
  const says = 'expires_in' in changes ? 'until it expires' : '3600 seconds'
  must(
    /access token/i.test(text) && text.includes(says),
    `after a token response with${'expires_in' in changes ? 'out expires_in' : ' expires_in=3600'}, ${request} doesn't say that the access token may still work, with "${says}"`,
  )
  const hasRefreshToken = !('refresh_token' in changes)
  must(
    /refresh token/i.test(text) === hasRefreshToken,
    hasRefreshToken
      ? `${request} doesn't say that the refresh token may still work`
      : `after a token response without a refresh token, ${request} names one`,
  )
  must(
    hasLinkTo(page, '/'),
    `${request} has no link to /: give it to PageError as the last argument`,
  )
  const shown = JSON.stringify(page.headers) + page.body
  const tokens = stage.standIn.issued.flatMap((issued) => Object.values(issued))
  must(!tokens.some((token) => shown.includes(token)), `${request} shows a token`)
}

/** Opens a page of the client when the server rejects the access token and the refresh token. */
async function openAfterEnd(stage: Stage, path: string, browser = stage.browser()): Promise<Page> {
  stage.reset()
  await stage.login(browser)
  stage.standIn.onToken = () => ({ status: 400, body: { error: 'invalid_grant' } })
  stage.standIn.onResource = tokenRefused
  return path === '/email' ? openEmail(stage, browser) : browser.open(stage.clientUrl + path)
}

/**
 * Returns the URL of the link on a page that says that access has ended.
 *
 * @throws {NotYet} unless it does
 */
export function expectEndedPage(page: Page, when: string): string {
  const { pathname } = new URL(page.url)
  const request = `${when}, GET ${pathname}`
  const refresh = html(page).querySelector('meta[http-equiv=refresh]') ?? page.headers.refresh
  must(
    page.location === undefined && !refresh,
    `${request} sends the browser on${page.location ? ` to ${page.location}` : ''}: the user who ended the access would give it again without noticing`,
    FILE_OF[pathname],
  )
  must(page.status === 401, `${request} returns ${page.status}`)
  must(textOf(page).includes(ENDED), `${request} returns a page that doesn't say "${ENDED}"`)
  const link = linkTo(page, '/login')
  must(
    link && /connect again/i.test(link.text),
    `${request} returns a page without a link "Connect again" to /login`,
  )
  return new URL('/login', page.url).href
}
