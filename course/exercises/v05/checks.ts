import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from '@oauth-lab/shared/testing/browser.ts'
import type { Fields, JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import {
  answered,
  type CheckDriver,
  must,
  OTHER_CLIENT,
  type Stage,
  textOf,
} from '../check-stage.ts'
import { patient } from '../patience.ts'
import type { VersionChecks } from '../sentence.ts'
import { randomValue, type StandIn, tokenIn, tokenRefused } from '../stand-in.ts'
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
/** For how many milliseconds a token is held back, while other requests come. */
const HOLD = 1_000
/** How often a probe is made again when the machine was too slow for its times. */
const TRIES = 4

export const v05: VersionChecks = {
  short: { REFRESH_TOKEN_TTL: String(SHORT / 1000) },
  sentences: [
    {
      id: 'refresh-token',
      text: 'A code buys a refresh token besides the access token',
      on: 'server',
      file: 'server/grants/authorization-code.ts',
      async probe({ server }) {
        const { access_token, refresh_token } = await server.tokens()
        must(
          refresh_token.length >= 22,
          'the answer of POST /token has no refresh_token that nobody can guess',
        )
        must(refresh_token !== access_token, 'refresh_token and access_token are the same')
      },
    },
    {
      id: 'lifetime',
      text: 'An access token lives for 300 seconds',
      on: 'server',
      file: 'server/store.ts',
      async probe({ server }) {
        const { body } = await server.redeem(await server.code())
        must(body.expires_in === 300, `expires_in is ${body.expires_in}`)
      },
    },
    {
      id: 'refresh',
      text: 'A refresh token buys a new access token, which opens /api/me, and a new refresh token',
      on: 'server',
      file: 'server/grants/refresh-token.ts',
      async probe({ server }) {
        const first = await server.tokens()
        const { status, body } = await server.refresh(first.refresh_token)
        must(status === 200, `a good refresh token is answered ${answered(status, body)}`)
        must(
          typeof body.access_token === 'string' && body.access_token !== first.access_token,
          'the answer has no new access token',
        )
        const me = await server.me(`Bearer ${body.access_token}`)
        must(me.status === 200, `with the new access token, GET /api/me answers ${me.status}`)
        must(typeof body.refresh_token === 'string', 'the answer has no refresh token')
      },
    },
    {
      id: 'refresh-refused',
      text: 'A refresh token that is unknown, or of another client, is answered 400 and invalid_grant',
      on: 'server',
      file: 'server/grants/refresh-token.ts',
      async probe({ server }) {
        const { refresh_token } = await server.tokens()
        expectInvalidGrant(await server.refresh(randomValue()), 'an unknown refresh token')
        const other = await server.refresh(refresh_token, OTHER_CLIENT)
        expectInvalidGrant(other, 'the refresh token of another client')
      },
    },
    {
      id: 'refresh-by-other',
      text: 'Another client that offers a refresh token ends nothing',
      on: 'server',
      file: 'server/grants/refresh-token.ts',
      needs: ['refresh', 'refresh-refused', 'rotation'],
      async probe({ server }) {
        const { refresh_token } = await server.tokens()
        await server.refresh(refresh_token, OTHER_CLIENT)
        const { status, body } = await server.refresh(refresh_token)
        must(status === 200, `after a try by another client, its own client is answered ${status}`)
        await server.refresh(refresh_token, OTHER_CLIENT)
        const next = await server.refresh(String(body.refresh_token))
        must(
          next.status === 200,
          `after another client offered a spent refresh token, the newest one is answered ${next.status}`,
        )
      },
    },
    {
      id: 'rotation',
      text: 'Each refresh gives another refresh token, and the old one is spent',
      on: 'server',
      file: 'server/grants/refresh-token.ts',
      needs: ['refresh'],
      async probe({ server }) {
        const first = await server.tokens()
        const { body } = await server.refresh(first.refresh_token)
        must(
          body.refresh_token !== first.refresh_token,
          'a refresh gives the same refresh token again',
        )
        expectInvalidGrant(await server.refresh(first.refresh_token), 'a spent refresh token')
      },
    },
    {
      id: 'from-login',
      text: 'The time of a refresh token is counted from the login, however often it is refreshed',
      on: 'short server',
      file: 'server/grants/refresh-token.ts',
      needs: ['refresh', 'rotation'],
      probe: lifeIsCountedFromLogin,
    },
    {
      id: 'reuse-ends-refresh',
      text: 'A spent refresh token that is offered again ends the refresh token that came after it',
      on: 'server',
      file: 'server/grants/refresh-token.ts',
      needs: ['rotation'],
      async probe({ server }) {
        const [first, second] = await familyOf(server)
        await server.refresh(first.refresh_token)
        const { status } = await server.refresh(second.refresh_token)
        const me = await server.me(`Bearer ${second.access_token}`)
        must(
          status === 400 || me.status === 200,
          `after a spent refresh token came again, the access tokens end, and the newest refresh token is answered ${status}`,
          'server/store.ts',
        )
        must(
          status === 400,
          `after a spent refresh token came again, the newest one is answered ${status}: one of the two who have them is a thief`,
        )
        const [oldest, next] = await familyOf(server)
        const { body } = await server.refresh(next.refresh_token)
        await server.refresh(oldest.refresh_token)
        const newest = await server.refresh(String(body.refresh_token))
        must(
          newest.status === 400,
          `after the oldest of three refresh tokens came again, the newest one is answered ${newest.status}`,
        )
      },
    },
    {
      id: 'reuse-ends-access',
      text: 'It ends the access tokens of that login, too',
      on: 'server',
      file: 'server/store.ts',
      needs: ['rotation', 'reuse-ends-refresh'],
      async probe({ server }) {
        const [first, second] = await familyOf(server)
        await server.refresh(first.refresh_token)
        for (const { access_token } of [first, second]) {
          const { status } = await server.me(`Bearer ${access_token}`)
          const which = access_token === first.access_token ? 'first' : 'newest'
          must(
            status === 401,
            `after a spent refresh token came again, GET /api/me answers ${status} to the ${which} access token`,
          )
        }
      },
    },
    {
      id: 'reuse-ends-one-login',
      text: 'It ends no other login of the same user',
      on: 'server',
      file: 'server/grants/refresh-token.ts',
      needs: ['refresh', 'rotation', 'reuse-ends-refresh'],
      async probe({ server }) {
        const [first, second] = await familyOf(server)
        const other = await server.tokens()
        await server.refresh(first.refresh_token)
        const own = await server.refresh(second.refresh_token)
        must(own.status === 400, `the refresh token of the same login is answered ${own.status}`)
        const { status } = await server.refresh(other.refresh_token)
        must(status === 200, `the refresh token of another login is answered ${status}`)
      },
    },
    {
      id: 'code-reuse',
      text: 'A code that is offered a second time ends the tokens that it bought',
      on: 'server',
      file: 'server/grants/authorization-code.ts',
      needs: ['refresh', 'refresh-by-other', 'reuse-ends-refresh', 'reuse-ends-access'],
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
            `after its used code was offered ${what}, GET /api/me answers ${me.status} to the access token: whoever finds a code in a log can end a login`,
          )
        }
        await server.redeem(code)
        const me = await server.me(`Bearer ${body.access_token}`)
        must(
          me.status === 401,
          `after its code was used twice, GET /api/me answers ${me.status} to the access token`,
        )
        const { status } = await server.refresh(String(body.refresh_token))
        must(
          status === 400,
          `after its code was used twice, the refresh token is answered ${status}`,
        )
      },
    },
    {
      id: 'renews-after-401',
      text: 'When /api/me refuses the access token, the client renews it and asks once more',
      on: 'client',
      file: 'client/token-manager.ts',
      async probe(stage) {
        const { browser } = await logIn(stage)
        refuseTokensSoFar(stage.standIn)
        const page = await openProfile(stage, browser)
        expectTokenKept(stage, page)
        stage.expectAccepted()
        const [refresh] = refreshesAt(stage)
        must(refresh, 'when /api/me answers 401, the client sends no grant_type=refresh_token')
        must(
          refresh.get('refresh_token') === stage.standIn.issued[0]?.refresh_token,
          'the client sends another refresh token than the one it got',
        )
        must(page.status === 200, `after the refresh, GET /profile answers ${page.status}`)
      },
    },
    {
      id: 'keeps-new-tokens',
      text: 'The next time it renews with the new refresh token',
      on: 'client',
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
        must(used[1], 'the second time, the client makes no refresh')
        const got = stage.standIn.issued.map(({ refresh_token }) => refresh_token)
        must(
          used[1] === got[1],
          used[1] === used[0]
            ? 'the second time, the client offers the first refresh token again'
            : 'the second time, the client does not offer the refresh token that it got last',
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
          'after a refresh that gives no new refresh token, the client does not go on with the old one',
        )
      },
    },
    {
      id: 'one-retry',
      text: 'When the new token is refused, too, it answers 401 and tries no third one',
      on: 'client',
      file: 'client/token-manager.ts',
      needs: ['renews-after-401'],
      async probe(stage) {
        const { browser } = await logIn(stage)
        stage.standIn.onResource = tokenRefused
        const { status } = await openProfile(stage, browser)
        const count = refreshesAt(stage).length
        must(count === 1, `for one request of a browser, the client makes ${count} refreshes`)
        must(status === 401, `when /api/me refuses every token, GET /profile answers ${status}`)
      },
    },
    {
      id: 'refresh-nonsense',
      text: 'When a refresh gets no proper answer, the status is 502, and the client keeps its tokens',
      on: 'client',
      file: 'client/token-manager.ts',
      needs: ['renews-after-401'],
      async probe(stage) {
        const { browser } = await logIn(stage)
        stage.standIn.onToken = () => ({ status: 500, body: '<h1>Broken</h1>' })
        refuseOnce(stage.standIn)
        const broken = await openProfile(stage, browser)
        must(
          broken.status === 502,
          `when POST /token answers 500 to a refresh, GET /profile answers ${broken.status}`,
        )
        stage.standIn.onToken = () => stage.standIn.tokens()
        const page = await openProfile(stage, browser)
        must(
          !textOf(page).includes('token missing from session'),
          'when the server has recovered, the session has no tokens any more',
          'client/api.ts',
        )
        must(
          page.status === 200,
          `when the server has recovered, GET /profile answers ${page.status}`,
        )
      },
    },
    {
      id: 'one-refresh',
      text: 'Ten requests at once across an expiry make one refresh, and all ten are answered',
      on: 'client',
      file: 'client/token-manager.ts',
      needs: ['renews-after-401'],
      async probe(stage) {
        const { browser } = await logIn(stage)
        refuseTokensSoFar(stage.standIn)
        const refuse = stage.standIn.onResource
        const allMet = new Gate()
        let met = 0
        stage.standIn.onResource = (authorization) => {
          met += 1
          if (met === 10) allMet.open()
          return refuse(authorization)
        }
        stage.standIn.onToken = async () => {
          // Until all ten have met the refused token; a client may also ask one after the other.
          await Promise.race([allMet.opened, sleep(patient(HOLD), undefined, { ref: false })])
          await sleep(50)
          return stage.standIn.tokens()
        }
        const pages = await Promise.all(
          Array.from({ length: 10 }, () => openProfile(stage, browser)),
        )
        const count = refreshesAt(stage).length
        must(
          count === 1,
          `ten requests at once make ${count} refreshes: nine of them offer a spent token`,
        )
        const failed = pages.filter(({ status }) => status !== 200).length
        must(failed === 0, `of ten requests at once ${failed} fail`)
      },
    },
    {
      id: 'late-401',
      text: 'A 401 that comes late, after another request has renewed the token, makes no second refresh',
      on: 'client',
      file: 'client/token-manager.ts',
      needs: ['renews-after-401', 'one-refresh'],
      probe: lateRefusalMakesNoRefresh,
    },
    {
      id: 'in-time',
      text: 'The client renews in the last tenth of the life of a token, before /api/me has to refuse it',
      on: 'client',
      file: 'client/token-manager.ts',
      needs: ['renews-after-401'],
      probe: renewsInTime,
    },
    {
      id: 'not-too-early',
      text: 'It does not renew before that: a token that lives for 20 seconds serves for more than one request',
      on: 'client',
      file: 'client/token-manager.ts',
      needs: ['renews-after-401'],
      async probe(stage) {
        stage.standIn.onToken = () => stage.standIn.tokens({ expires_in: 20 })
        const { browser } = await logIn(stage)
        for (const _time of [1, 2]) await openProfile(stage, browser)
        const count = refreshesAt(stage).length
        must(count === 0, `two requests right after the login make ${count} refreshes`)
        stage.standIn.onToken = () => stage.standIn.tokens({ expires_in: undefined })
        const { browser: other } = await logIn(stage)
        const page = await openProfile(stage, other)
        must(
          page.status === 200 && refreshesAt(stage).length === 0,
          `with a token response without expires_in, GET /profile answers ${page.status}, after ${refreshesAt(stage).length} refreshes`,
        )
      },
    },
    {
      id: 'refused-refresh',
      text: 'When the server refuses a refresh, the client answers 401 and forgets its tokens',
      on: 'client',
      file: 'client/token-manager.ts',
      needs: ['renews-after-401'],
      async probe(stage) {
        const { browser } = await logIn(stage)
        stage.standIn.onToken = () => ({ status: 400, body: { error: 'invalid_grant' } })
        refuseOnce(stage.standIn)
        const refused = await openProfile(stage, browser)
        must(
          refused.status === 401,
          `when a refresh is refused with invalid_grant, GET /profile answers ${refused.status}`,
        )
        must(refreshesAt(stage).length === 1, 'the client does not try to refresh')
        const asked = stage.standIn.tokenRequests.length
        const again = await openProfile(stage, browser)
        must(
          stage.standIn.tokenRequests.length === asked && again.status === 401,
          'the client tries the refused refresh token again',
        )
        must(
          textOf(again).includes('token missing from session'),
          'the page after that does not say "token missing from session": the tokens are still there',
        )
      },
    },
    {
      id: 'tokens-hidden',
      text: 'No page, address or cookie of the client shows a token or the code',
      on: 'client',
      file: 'client/routes/callback.ts',
      async probe(stage) {
        const { browser, callback, code } = await logIn(stage)
        refuseOnce(stage.standIn)
        const profile = await openProfile(stage, browser)
        expectNothingShown(stage, [callback, profile, await browser.open(stage.clientUrl)], code)
      },
    },
    freshSession,
    stateStill,
    {
      id: 'logout-stays',
      text: 'A logout while a refresh is under way stays one',
      on: 'client',
      file: 'client/token-manager.ts',
      async probe(stage) {
        const { browser } = await logIn(stage)
        const cookie = await browser.jar.getCookieString(stage.clientUrl)
        refuseOnce(stage.standIn)
        const asked = new Gate()
        const gate = new Gate()
        stage.standIn.onToken = async () => {
          asked.open()
          await gate.opened
          return stage.standIn.tokens()
        }
        const slow = openProfile(stage, browser)
        await Promise.race([asked.opened, slow])
        await stage
          .browser()
          .open(`${stage.clientUrl}/logout`, { method: 'POST', headers: { cookie } })
        gate.open()
        await slow
        const { status } = await openWith(stage, cookie, '/profile')
        must(isShut(status), `after a logout during a refresh, GET /profile answers ${status}`)
      },
    },
    {
      id: 'together',
      text: 'All together: a login in a browser ends at the profile of the user',
      on: 'both',
      file: 'client/routes/profile.ts',
      probe: loginShowsProfile,
    },
  ],
}

interface Tokens {
  access_token: string
  refresh_token: string
}

class Gate {
  open: () => void = () => undefined
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve
  })
}

/** The tokens of one login: the first, and those that a refresh gave for them. */
async function familyOf(server: CheckDriver): Promise<[Tokens, Tokens]> {
  const first = await server.tokens()
  const { status, body } = await server.refresh(first.refresh_token)
  must(status === 200, `a good refresh token is answered ${answered(status, body)}`)
  const { access_token, refresh_token } = body
  return [first, { access_token: String(access_token), refresh_token: String(refresh_token) }]
}

function expectInvalidGrant({ status, body }: JsonAnswer, what: string): void {
  must(
    status === 400 && body.error === 'invalid_grant',
    `${what} is answered ${answered(status, body)}`,
  )
}

async function lifeIsCountedFromLogin(stage: Stage, tries = TRIES): Promise<void> {
  const { server } = stage
  const code = await server.code()
  const loggedIn = performance.now()
  const { body } = await server.redeem(code)
  await sleep(SHORT / 2)
  const second = await server.refresh(String(body.refresh_token))
  const half = performance.now() - loggedIn
  await sleep(SHORT + 100 - half)
  const third = await server.refresh(String(second.body.refresh_token))
  // A machine that was too slow proves nothing: the second token may be over in any case.
  const tooSlow = half > SHORT || performance.now() - loggedIn > SHORT * 1.5
  if (tooSlow && tries > 1) return lifeIsCountedFromLogin(stage, tries - 1)
  must(
    second.status === 200,
    `after half of its life (REFRESH_TOKEN_TTL=${SHORT / 1000}), a refresh token is answered ${second.status}`,
  )
  must(
    third.status === 400,
    `${SHORT / 1000} seconds after the login (REFRESH_TOKEN_TTL=${SHORT / 1000}), a refresh token that came later is answered ${third.status}`,
  )
}

async function lateRefusalMakesNoRefresh(stage: Stage): Promise<void> {
  const { browser } = await logIn(stage)
  const { standIn } = stage
  const asked = new Gate()
  const gate = new Gate()
  const first = standIn.issued[0]?.access_token
  let held = false
  standIn.onResource = async (authorization) => {
    if (tokenIn(authorization) !== first) return standIn.user(authorization)
    if (!held) {
      held = true
      asked.open()
      await gate.opened
    }
    return tokenRefused()
  }
  const slow = openProfile(stage, browser)
  await Promise.race([asked.opened, slow])
  await openProfile(stage, browser)
  gate.open()
  const page = await slow
  const count = refreshesAt(stage).length
  must(count === 1, `two requests with one old token make ${count} refreshes`)
  must(page.status === 200, `the request that was late is answered ${page.status}`)
}

async function renewsInTime(stage: Stage, tries = TRIES): Promise<void> {
  stage.reset()
  stage.standIn.onToken = () => stage.standIn.tokens({ expires_in: 1 })
  const began = performance.now()
  const { browser } = await logIn(stage)
  const answered = performance.now()
  await sleep(930)
  stage.standIn.onToken = () => stage.standIn.tokens()
  await openProfile(stage, browser)
  // Only a client that also renews in time could tell; one that is late anyway looks the same.
  const tooSlow = performance.now() - began > 1_000 || answered - began > 60
  if (tooSlow && tries > 1) return renewsInTime(stage, tries - 1)
  const count = refreshesAt(stage).length
  must(
    count === 1,
    'in the last tenth of the life of its token (expires_in: 1), the client asks /api/me with the old one',
  )
}

async function openProfile({ clientUrl }: Stage, browser: Browser): Promise<Page> {
  return browser.open(`${clientUrl}/profile`)
}

function refreshesAt({ standIn }: Stage): URLSearchParams[] {
  const forms = standIn.tokenRequests.map(({ form }) => form)
  return forms.filter((form) => form.get('grant_type') === 'refresh_token')
}

/** From now on `/api/me` refuses the access tokens that were issued before. */
function refuseTokensSoFar(standIn: StandIn): void {
  const old = standIn.issued.map(({ access_token }) => access_token)
  standIn.onResource = (authorization) => {
    return old.includes(tokenIn(authorization)) ? tokenRefused() : standIn.user(authorization)
  }
}

/** The next request at `/api/me` is refused, and those after it are answered as usual. */
function refuseOnce(standIn: StandIn): void {
  let refused = false
  standIn.onResource = (authorization) => {
    if (refused) return standIn.user(authorization)
    refused = true
    return tokenRefused()
  }
}
