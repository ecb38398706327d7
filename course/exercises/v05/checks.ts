import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from '@oauth-lab/shared/testing/browser.ts'
import type { Fields } from '@oauth-lab/shared/testing/driver.ts'
import { Gate, HoldingGate } from '@oauth-lab/shared/testing/hooks.ts'
import {
  type CheckDriver,
  expectAnswer,
  must,
  OTHER_CLIENT,
  type Stage,
  textOf,
} from '../check-stage.ts'
import { within } from '../patience.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { randomValue, type StandIn, type Tokens, tokenIn, tokenRefused } from '../stand-in.ts'
import { refusal } from '../v01/checks.ts'
import { stateStill } from '../v03/checks.ts'
import {
  expectNothingShown,
  expectTokenKept,
  freshSession,
  isShut,
  logIn,
  loginShowsProfile,
  openWith,
} from '../v04/checks.ts'

/** The lifetime of a login at the short server, in milliseconds. */
const SHORT = 900
/** How long to hold back a token while other requests arrive, in milliseconds. */
const HOLD = 1_000
/** How many times to try a check that depends on time, because the machine may be too slow for it. */
const TRIES = 4

/** Only a server that rejects a refresh ends anything. One that is broken may work again. */
export const refreshNonsense: Sentence = {
  id: 'refresh-nonsense',
  text: 'When a refresh gets no usable response, the status is 502, and the client keeps its tokens',
  file: 'client/token-manager.ts',
  needs: ['renews-after-401'],
  async probe(stage) {
    const { browser } = await logIn(stage)
    stage.standIn.onToken = () => ({ status: 500, body: '<h1>Broken</h1>' })
    refuseTokensSoFar(stage.standIn)
    const broken = await openProfile(stage, browser)
    expectAnswer(broken, 502, 'when POST /token returns 500 for a refresh, GET /profile')
    stage.standIn.onToken = () => stage.standIn.tokens()
    const page = await openProfile(stage, browser)
    must(
      !textOf(page).includes('token missing from session'),
      'when the server works again, the session no longer has tokens',
      'client/api.ts',
    )
    expectAnswer(page, 200, 'when the server works again, GET /profile')
  },
}

export const settings: CheckSettings = { short: { REFRESH_TOKEN_TTL: String(SHORT / 1000) } }

export const sentences: Sentence[] = [
  {
    id: 'refresh-token',
    text: 'A code gets a refresh token along with the access token',
    file: 'server/grants/authorization-code.ts',
    async probe({ server }) {
      const { access_token, refresh_token } = await server.tokens()
      must(
        refresh_token.length >= 22,
        'the response of POST /token has no refresh_token that is long enough to be unguessable',
      )
      must(refresh_token !== access_token, 'refresh_token and access_token are the same')
    },
  },
  {
    id: 'refresh',
    text: 'A refresh token gets a new access token, which works at /api/me, and a refresh token',
    file: 'server/grants/refresh-token.ts',
    async probe({ server }) {
      const first = await server.tokens()
      const answer = await server.refresh(first.refresh_token)
      expectAnswer(answer, 200, 'a valid refresh token')
      const { body } = answer
      must(
        typeof body.access_token === 'string' && body.access_token !== first.access_token,
        'the response has no new access token',
      )
      const me = await server.me(`Bearer ${body.access_token}`)
      expectAnswer(me, 200, 'with the new access token, GET /api/me')
      must(typeof body.refresh_token === 'string', 'the response has no refresh token')
    },
  },
  {
    id: 'refresh-refused',
    text: 'An unknown refresh token, or one of another client, gets 400 and invalid_grant',
    file: 'server/grants/refresh-token.ts',
    async probe({ server }) {
      const { refresh_token } = await server.tokens()
      const unknown = await server.refresh(randomValue())
      expectAnswer(unknown, '400 invalid_grant', 'an unknown refresh token')
      const other = await server.refresh(refresh_token, OTHER_CLIENT)
      expectAnswer(other, '400 invalid_grant', 'the refresh token of another client')
    },
  },
  {
    id: 'refresh-by-other',
    text: 'Another client that sends a refresh token revokes nothing',
    file: 'server/grants/refresh-token.ts',
    needs: ['refresh-refused', 'rotation'],
    async probe({ server }) {
      const { refresh_token } = await server.tokens()
      await server.refresh(refresh_token, OTHER_CLIENT)
      const own = await server.refresh(refresh_token)
      expectAnswer(own, 200, 'after another client tried, the right client')
      await server.refresh(refresh_token, OTHER_CLIENT)
      const next = await server.refresh(String(own.body.refresh_token))
      expectAnswer(next, 200, 'after another client sent a used refresh token, the newest one')
    },
  },
  {
    id: 'rotation',
    text: 'Each refresh returns a new refresh token, and the old one stops working',
    file: 'server/grants/refresh-token.ts',
    needs: ['refresh'],
    async probe({ server }) {
      const first = await server.tokens()
      const { body } = await server.refresh(first.refresh_token)
      must(
        body.refresh_token !== first.refresh_token,
        'a refresh returns the same refresh token again',
      )
      const used = await server.refresh(first.refresh_token)
      expectAnswer(used, '400 invalid_grant', 'a used refresh token')
    },
  },
  {
    id: 'from-login',
    text: 'The lifetime of a refresh token counts from the login, no matter how often it is refreshed',
    on: 'short server',
    file: 'server/grants/refresh-token.ts',
    needs: ['rotation'],
    probe: lifeIsCountedFromLogin,
  },
  {
    id: 'reuse-ends-refresh',
    text: 'Sending a used refresh token again revokes the refresh token that replaced it',
    file: 'server/grants/refresh-token.ts',
    needs: ['rotation'],
    async probe({ server }) {
      const [first, second] = await familyOf(server)
      await server.refresh(first.refresh_token)
      const { status } = await server.refresh(second.refresh_token)
      const me = await server.me(`Bearer ${second.access_token}`)
      must(
        status === 400 || me.status === 200,
        `after a used refresh token is sent again, the access tokens are revoked, but the newest refresh token gets ${status}`,
        'server/store.ts',
      )
      must(
        status === 400,
        `after a used refresh token is sent again, the newest one still gets ${status}: end everything that came from that login`,
      )
      const [oldest, next] = await familyOf(server)
      const { body } = await server.refresh(next.refresh_token)
      await server.refresh(oldest.refresh_token)
      const newest = await server.refresh(String(body.refresh_token))
      const what = 'after the oldest of three refresh tokens is sent again, the newest one'
      expectAnswer(newest, 400, what)
    },
  },
  {
    id: 'reuse-ends-access',
    text: 'It also revokes the access tokens of that login',
    file: 'server/store.ts',
    needs: ['reuse-ends-refresh'],
    async probe({ server }) {
      const [first, second] = await familyOf(server)
      await server.refresh(first.refresh_token)
      for (const { access_token } of [first, second]) {
        const { status } = await server.me(`Bearer ${access_token}`)
        const which = access_token === first.access_token ? 'first' : 'newest'
        must(
          status === 401,
          `after a used refresh token is sent again, GET /api/me returns ${status} for the ${which} access token`,
        )
      }
    },
  },
  {
    id: 'reuse-ends-one-login',
    text: 'It revokes no other login of the same user',
    file: 'server/grants/refresh-token.ts',
    needs: ['reuse-ends-refresh'],
    async probe({ server }) {
      const [first, second] = await familyOf(server)
      const other = await server.tokens()
      await server.refresh(first.refresh_token)
      const own = await server.refresh(second.refresh_token)
      expectAnswer(own, 400, 'the refresh token of the same login')
      const others = await server.refresh(other.refresh_token)
      expectAnswer(others, 200, 'the refresh token of another login')
    },
  },
  {
    id: 'code-reuse',
    text: 'Using a code a second time revokes the tokens it got',
    file: 'server/grants/authorization-code.ts',
    needs: ['refresh-by-other', 'reuse-ends-access'],
    async probe({ server }) {
      const code = await server.code()
      const { body } = await server.redeem(code)
      const found: [what: string, changes: Fields, headers?: Fields][] = [
        ['by another client', {}, OTHER_CLIENT],
        ['with a wrong redirect_uri', { redirect_uri: 'http://localhost:25009/evil' }],
        ['with a wrong code_verifier', { code_verifier: randomValue() }],
      ]
      for (const [what, changes, headers] of found) {
        await server.redeem(code, changes, headers)
        const me = await server.me(`Bearer ${body.access_token}`)
        must(
          me.status === 200,
          `after its used code was sent ${what}, GET /api/me returns ${me.status} for the access token: anyone who finds a code in a log can end a login`,
        )
      }
      await server.redeem(code)
      const me = await server.me(`Bearer ${body.access_token}`)
      expectAnswer(me, 401, 'after its code was used twice, the access token at GET /api/me')
      const next = await server.refresh(String(body.refresh_token))
      expectAnswer(next, 400, 'after its code was used twice, the refresh token')
    },
  },
  {
    id: 'lifetime',
    text: 'An access token is valid for 300 seconds',
    file: 'server/store.ts',
    async probe({ server }) {
      const { body } = await server.redeem(await server.code())
      must(body.expires_in === 300, `expires_in is ${body.expires_in}`)
    },
  },
  {
    id: 'renews-after-401',
    text: 'When /api/me rejects the access token, the client refreshes it and tries once more',
    file: 'client/token-manager.ts',
    async probe(stage) {
      const { browser } = await logIn(stage)
      refuseTokensSoFar(stage.standIn)
      const page = await openProfile(stage, browser)
      expectTokenKept(stage, page)
      stage.expectAccepted()
      const [refresh] = refreshesAt(stage)
      must(
        refresh,
        'when /api/me returns 401, the client sends no token request with grant_type=refresh_token',
      )
      must(
        refresh.get('refresh_token') === stage.standIn.issued[0]?.refresh_token,
        'the client sends a different refresh token from the one it got',
      )
      expectAnswer(page, 200, 'after the refresh, GET /profile')
    },
  },
  {
    id: 'keeps-new-tokens',
    text: 'The next refresh uses the new refresh token',
    file: 'client/token-manager.ts',
    needs: ['renews-after-401'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      const used = []
      for (const _time of [1, 2]) {
        refuseOnce(stage.standIn)
        await openProfile(stage, browser)
        used.push(refreshesAt(stage).at(-1)?.get('refresh_token'))
      }
      must(used[1], "the second time, the client doesn't refresh")
      const got = stage.standIn.issued.map(({ refresh_token }) => refresh_token)
      must(
        used[1] === got[1],
        used[1] === used[0]
          ? 'the second time, the client sends the first refresh token again'
          : "the second time, the client doesn't send the newest refresh token",
      )
      // RFC 6749 section 6: a response may leave it out, and the old one stays.
      stage.standIn.onToken = () => stage.standIn.tokens({ refresh_token: undefined })
      for (const _time of [1, 2]) {
        refuseOnce(stage.standIn)
        await openProfile(stage, browser)
        used.push(refreshesAt(stage).at(-1)?.get('refresh_token'))
      }
      must(
        used[3] !== undefined && used[2] === used[3] && refreshesAt(stage).length === 4,
        "after a refresh that returns no new refresh token, the client doesn't keep using the old one",
      )
    },
  },
  {
    id: 'one-retry',
    text: "When the new token is rejected too, the client returns 401 and doesn't try a third one",
    file: 'client/token-manager.ts',
    needs: ['renews-after-401'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      stage.standIn.onResource = tokenRefused
      const page = await openProfile(stage, browser)
      const count = refreshesAt(stage).length
      must(count === 1, `for one request from a browser, the client refreshes ${count} times`)
      expectAnswer(page, 401, 'when /api/me rejects every token, GET /profile')
    },
  },
  refreshNonsense,
  {
    id: 'one-refresh',
    text: 'Ten simultaneous requests with an expired token cause one refresh, and all ten succeed',
    file: 'client/token-manager.ts',
    needs: ['renews-after-401'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      refuseTokensSoFar(stage.standIn)
      const refuse = stage.standIn.onResource
      const allMet = new Gate()
      let met = 0
      stage.standIn.onResource = (authorization, path) => {
        met += 1
        if (met === 10) allMet.open()
        return refuse(authorization, path)
      }
      stage.standIn.onToken = async () => {
        // Until the token was rejected for all ten. A client may also send them one after the other.
        await within(HOLD, allMet.opened)
        await sleep(50)
        return stage.standIn.tokens()
      }
      const pages = await Promise.all(Array.from({ length: 10 }, () => openProfile(stage, browser)))
      const count = refreshesAt(stage).length
      must(
        count === 1,
        `ten simultaneous requests cause ${count} refreshes: all but the first send a used token`,
      )
      const failed = pages.filter(({ status }) => status !== 200).length
      must(failed === 0, `of ten simultaneous requests, ${failed} fail`)
    },
  },
  {
    id: 'late-401',
    text: 'A 401 that arrives after another request has refreshed the token causes no second refresh',
    file: 'client/token-manager.ts',
    needs: ['one-refresh'],
    probe: lateRefusalMakesNoRefresh,
  },
  {
    id: 'not-too-early',
    text: 'A new token needs no refresh: one that is valid for 20 seconds serves more than one request',
    file: 'client/token-manager.ts',
    needs: ['renews-after-401'],
    async probe(stage) {
      stage.standIn.onToken = () => stage.standIn.tokens({ expires_in: 20 })
      const { browser } = await logIn(stage)
      for (const _time of [1, 2]) await openProfile(stage, browser)
      const count = refreshesAt(stage).length
      must(count === 0, 'two requests right after the login cause a refresh')
      stage.standIn.onToken = () => stage.standIn.tokens({ expires_in: undefined })
      const { browser: other } = await logIn(stage)
      const page = await openProfile(stage, other)
      must(
        page.status === 200 && refreshesAt(stage).length === 0,
        `with a token response without expires_in, GET /profile returns ${page.status}, after ${refreshesAt(stage).length} refreshes`,
      )
    },
  },
  {
    id: 'in-time',
    text: 'The client refreshes a token in the last tenth of its lifetime, before /api/me rejects it, and only then',
    file: 'client/token-manager.ts',
    needs: ['not-too-early'],
    probe: renewsInTime,
  },
  {
    id: 'refused-refresh',
    text: 'When the server rejects a refresh, the client returns 401 and forgets its tokens',
    file: 'client/token-manager.ts',
    needs: ['renews-after-401'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      stage.standIn.onToken = () => ({ status: 400, body: { error: 'invalid_grant' } })
      refuseOnce(stage.standIn)
      const refused = await openProfile(stage, browser)
      expectAnswer(refused, 401, 'when a refresh is rejected with invalid_grant, GET /profile')
      must(refreshesAt(stage).length === 1, "the client doesn't try to refresh")
      const asked = stage.standIn.tokenRequests.length
      const again = await openProfile(stage, browser)
      must(
        stage.standIn.tokenRequests.length === asked && again.status === 401,
        'the client tries the rejected refresh token again',
      )
      must(
        textOf(again).includes('token missing from session'),
        'the next page doesn\'t say "token missing from session": the tokens are still there',
      )
    },
  },
  {
    id: 'tokens-hidden',
    text: 'No page, URL or cookie of the client shows a token or the code',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const { browser, callback, code } = await logIn(stage)
      refuseOnce(stage.standIn)
      const profile = await openProfile(stage, browser)
      expectNothingShown(stage, [callback, profile, await browser.open(stage.clientUrl)], code)
    },
  },
  refusal,
  freshSession,
  stateStill,
  {
    id: 'logout-stays',
    text: 'A logout during a refresh stays a logout',
    file: 'client/token-manager.ts',
    async probe(stage) {
      const { browser } = await logIn(stage)
      const cookie = await browser.jar.getCookieString(stage.clientUrl)
      refuseOnce(stage.standIn)
      const gate = new HoldingGate()
      stage.standIn.onToken = async () => {
        await gate.hold()
        return stage.standIn.tokens()
      }
      const slow = openProfile(stage, browser)
      await Promise.race([gate.arrived.opened, slow])
      const logout = { method: 'POST', headers: { cookie } } as const
      await stage.browser().open(`${stage.clientUrl}/logout`, logout)
      gate.open()
      await slow
      const { status } = await openWith(stage, cookie, '/profile')
      must(isShut(status), `after a logout during a refresh, GET /profile returns ${status}`)
    },
  },
  loginShowsProfile,
]

/** The tokens of one login: the first ones, and those from a refresh. */
export async function familyOf(server: CheckDriver): Promise<[Tokens, Tokens]> {
  const first = await server.tokens()
  const answer = await server.refresh(first.refresh_token)
  expectAnswer(answer, 200, 'a valid refresh token')
  const { access_token, refresh_token } = answer.body
  return [first, { access_token: String(access_token), refresh_token: String(refresh_token) }]
}

async function lifeIsCountedFromLogin(stage: Stage, tries = TRIES): Promise<void> {
  const { server } = stage
  const began = performance.now()
  const codes = [await server.code(), await server.code()] as const
  const loggedIn = performance.now()
  const first = await server.redeem(codes[0])
  await sleep(SHORT / 3)
  const late = await server.redeem(codes[1])
  await sleep(SHORT / 6)
  const second = await server.refresh(String(first.body.refresh_token))
  const half = performance.now() - began
  await sleep(SHORT + 100 - (performance.now() - loggedIn))
  const third = await server.refresh(String(second.body.refresh_token))
  const afterLate = await server.refresh(String(late.body.refresh_token))
  // A machine that was too slow proves nothing: the second token may have expired anyway.
  const tooSlow = half > SHORT || performance.now() - loggedIn > SHORT * 1.5
  if (tooSlow && tries > 1) return lifeIsCountedFromLogin(stage, tries - 1)
  const atHalf = `after half of its lifetime (REFRESH_TOKEN_TTL=${SHORT / 1000}), a refresh token`
  expectAnswer(second, 200, atHalf)
  const over = `${SHORT / 1000} seconds after the login (REFRESH_TOKEN_TTL=${SHORT / 1000}), a refresh token`
  expectAnswer(third, 400, `${over} from a later refresh`)
  const grant = 'server/grants/authorization-code.ts'
  expectAnswer(afterLate, 400, `${over} from a code that was exchanged late`, grant)
}

async function lateRefusalMakesNoRefresh(stage: Stage): Promise<void> {
  const { browser } = await logIn(stage)
  const { standIn } = stage
  const gate = new HoldingGate()
  const first = standIn.issued[0]?.access_token
  let held = false
  standIn.onResource = async (authorization) => {
    if (tokenIn(authorization) !== first) return standIn.user(authorization)
    if (!held) {
      held = true
      await gate.hold()
    }
    return tokenRefused()
  }
  const slow = openProfile(stage, browser)
  await Promise.race([gate.arrived.opened, slow])
  await openProfile(stage, browser)
  gate.open()
  const page = await slow
  const count = refreshesAt(stage).length
  must(
    count === 1,
    `two requests with one old token cause ${count} refreshes: when the second 401 arrives, the client already has a newer token`,
  )
  expectAnswer(page, 200, 'the late request')
}

async function renewsInTime(stage: Stage, tries = TRIES): Promise<void> {
  stage.reset()
  stage.standIn.onToken = () => stage.standIn.tokens({ expires_in: 1 })
  const began = performance.now()
  const { browser } = await logIn(stage)
  const answered = performance.now()
  await sleep(500)
  stage.standIn.onToken = () => stage.standIn.tokens()
  await openProfile(stage, browser)
  const early = refreshesAt(stage).length
  const halfway = performance.now()
  await sleep(930 - (halfway - answered))
  await openProfile(stage, browser)
  // On a slow machine, a client that refreshes in time looks the same as one that doesn't.
  const tooSlow =
    performance.now() - began > 1_000 || halfway - began > 800 || answered - began > 60
  if (tooSlow && tries > 1) return renewsInTime(stage, tries - 1)
  must(
    early === 0,
    'half a second after a login with expires_in: 1, the client already refreshes its token',
  )
  const count = refreshesAt(stage).length
  must(
    count === 1,
    'in the last tenth of the lifetime of its token (expires_in: 1), the client calls /api/me with it and refreshes nothing',
  )
  await openProfile(stage, browser)
  must(
    refreshesAt(stage).length === 1,
    'after a refresh, the client refreshes its new token (expires_in: 3600) at the next request',
  )
}

export async function openProfile({ clientUrl }: Stage, browser: Browser): Promise<Page> {
  return browser.open(`${clientUrl}/profile`)
}

function refreshesAt({ standIn }: Stage): URLSearchParams[] {
  const forms = standIn.tokenRequests.map(({ form }) => form)
  return forms.filter((form) => form.get('grant_type') === 'refresh_token')
}

/** From now on `/api/me` rejects the access tokens issued so far. */
function refuseTokensSoFar(standIn: StandIn): void {
  const old = standIn.issued.map(({ access_token }) => access_token)
  standIn.onResource = (authorization) => {
    return old.includes(tokenIn(authorization)) ? tokenRefused() : standIn.user(authorization)
  }
}

/** `/api/me` rejects the next request, and handles those after it as usual. */
export function refuseOnce(standIn: StandIn): void {
  let refused = false
  standIn.onResource = (authorization) => {
    if (refused) return standIn.user(authorization)
    refused = true
    return tokenRefused()
  }
}
