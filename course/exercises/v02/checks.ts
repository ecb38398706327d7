import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import type { Fields } from '@oauth-lab/shared/testing/lab.ts'
import {
  expectAnswer,
  expectRandom,
  leadsTo,
  must,
  queryOf,
  type Stage,
  saw,
} from '../check-stage.ts'
import { within } from '../patience.ts'
import type { Sentence } from '../sentence.ts'
import { randomValue } from '../stand-in.ts'
import { loginShowsToken } from '../v01/checks.ts'

/** How long to hold back a token while a second response arrives, in milliseconds. */
const HOLD = 1_000

export const sentences: Sentence[] = [
  {
    id: 'state-sent',
    text: 'GET /login sends a state that nobody can guess, a new one each time',
    file: 'client/routes/login.ts',
    async probe(stage) {
      const browser = stage.browser()
      const states = []
      for (const one of [browser, browser, stage.browser()]) {
        const state = (await stage.begin(one)).get('state')
        must(state, 'the redirect URL has no state')
        states.push(state)
      }
      expectRandom(states, 'state', 'two logins have the same state')
    },
  },
  {
    id: 'cookie',
    text: 'The client recognizes the browser by a session cookie that is HttpOnly and SameSite=Lax',
    file: 'client/app.ts',
    needs: ['right-state'],
    probe: sessionCookieIsCareful,
  },
  {
    id: 'state-returned',
    text: 'The server sends the state back with the code, unchanged',
    file: 'server/routes/authorize.ts',
    async probe({ server }) {
      for (const state of ['a-state', ' a b+c&d=é%41 ', 'long-'.repeat(100)]) {
        const page = await server.logIn({ state })
        must(queryOf(page).has('code'), `the right password gets no code: ${saw(page)}`)
        const back = queryOf(page).get('state')
        must(back !== null, 'the redirect with the code has no state')
        must(back === state, `state ${JSON.stringify(state)} comes back as ${JSON.stringify(back)}`)
      }
    },
  },
  {
    id: 'no-state',
    text: 'A request without a state gets none back',
    file: 'server/authorization-response.ts',
    async probe({ server }) {
      const page = await server.logIn({ state: undefined })
      must(queryOf(page).has('code'), `a request without a state gets no code: ${saw(page)}`)
      const back = queryOf(page).get('state')
      must(back === null, `a request without a state gets back ${JSON.stringify(back)}`)
    },
  },
  {
    id: 'two-states',
    text: 'The server rejects a request with two states, and returns neither',
    file: 'server/routes/authorize.ts',
    async probe(stage) {
      const url = `${stage.server.authorizeUrl()}&state=another`
      const page = await stage.browser().open(url)
      must(
        page.status !== 200,
        'with two states in the URL, GET /authorize returns 200',
        'server/authorization-request.ts',
      )
      must(
        leadsTo(page, stage.redirectUri) && queryOf(page).get('error') === 'invalid_request',
        `with two states in the URL, ${saw(page)}; it should send the browser back with invalid_request and no state`,
      )
      must(!queryOf(page).has('state'), 'one of the two states comes back with the error')
    },
  },
  {
    id: 'state-with-error',
    text: 'The server also sends the state back with an error',
    file: 'server/routes/authorize.ts',
    async probe({ server }) {
      const page = await server.authorize({ response_type: 'token' })
      must(
        queryOf(page).has('error'),
        `a request for response_type=token gets no error: ${saw(page)}`,
      )
      must(queryOf(page).get('state') === 'a-state', 'the redirect with the error has no state')
    },
  },
  {
    id: 'right-state',
    text: 'The client accepts the response with the right state',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const browser = stage.browser()
      const page = await stage.login(browser)
      const seen = `the response to the login that the browser just started gets ${page.status}`
      const hasCookie = (await browser.jar.getCookieString(stage.clientUrl)) !== ''
      must(
        page.status === 200 || hasCookie,
        `${seen}: GET /login stores nothing in the session, so it sets no cookie`,
        'client/routes/login.ts',
      )
      must(page.status === 200, seen)
    },
  },
  {
    id: 'wrong-state',
    text: 'The client rejects a response without a state, with a wrong one or with two, and sends no token request',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const browser = stage.browser()
      const right = (await stage.begin(browser)).get('state')
      for (const state of [undefined, '', randomValue()]) {
        const page = await stage.answer(browser, { code: randomValue(), state })
        expectRefused(stage, page, state ? 'with a wrong state' : 'without a state')
      }
      // RFC 6749 section 3.1: no parameter comes more than once.
      const query = `code=${randomValue()}&state=${right}&state=another`
      const twice = await browser.open(`${stage.redirectUri}?${query}`)
      expectRefused(stage, twice, 'with two states')
    },
  },
  {
    id: 'no-login',
    text: 'The client rejects a response in a browser that started no login',
    file: 'client/routes/callback.ts',
    needs: ['wrong-state'],
    async probe(stage) {
      for (const state of [undefined, 'undefined', 'null', randomValue()]) {
        const page = await stage.answer(stage.browser(), { code: randomValue(), state })
        const which = state === undefined ? 'without a state, ' : ''
        expectRefused(stage, page, `${which}in a browser that started no login`)
      }
    },
  },
  {
    id: 'foreign-state',
    text: "The client rejects a response with another browser's state",
    file: 'client/routes/login.ts',
    needs: ['state-sent', 'wrong-state'],
    async probe(stage) {
      const victim = stage.browser()
      await stage.begin(victim)
      const { state } = await stage.begin(stage.browser())
      const page = await stage.answer(victim, { code: randomValue(), state })
      expectRefused(stage, page, "with another browser's state")
    },
  },
  {
    id: 'wrong-then-right',
    text: "A wrong state doesn't end the login in progress",
    file: 'client/routes/callback.ts',
    needs: ['right-state'],
    async probe(stage) {
      const browser = stage.browser()
      const { state } = await stage.begin(browser)
      await stage.answer(browser, { code: randomValue(), state: randomValue() })
      const page = await stage.answer(browser, { code: randomValue(), state })
      expectAnswer(page, 200, 'after a response with a wrong state, the one with the right state')
    },
  },
  {
    id: 'later-login',
    text: 'Of two logins started in one browser, the later one works',
    file: 'client/routes/login.ts',
    needs: ['right-state'],
    async probe(stage) {
      const browser = stage.browser()
      await stage.begin(browser)
      const { state } = await stage.begin(browser)
      const page = await stage.answer(browser, { code: randomValue(), state })
      expectAnswer(page, 200, 'the response to the later login')
    },
  },
  {
    id: 'earlier-login',
    text: 'Of two logins started in one browser, the earlier one is canceled',
    file: 'client/routes/callback.ts',
    needs: ['state-sent', 'later-login'],
    async probe(stage) {
      const browser = stage.browser()
      const { state } = await stage.begin(browser)
      await stage.begin(browser)
      const page = await stage.answer(browser, { code: randomValue(), state })
      expectRefused(stage, page, 'to the earlier of two logins')
    },
  },
  {
    id: 'state-once',
    text: 'The right state works only once',
    file: 'client/routes/callback.ts',
    needs: ['right-state'],
    async probe(stage) {
      await answerTwice(stage, { code: randomValue() }, 'with a state that was used before')
      await answerMeanwhile(stage)
      await answerTwice(
        stage,
        { error: 'access_denied' },
        'with a state that already came with an error',
      )
    },
  },
  loginShowsToken,
]

/** The cookies that the client sets when a login starts are HttpOnly and SameSite=Lax. */
async function sessionCookieIsCareful(stage: Stage): Promise<void> {
  const page = await stage.browser().open(`${stage.clientUrl}/login`)
  const cookies = [page.headers['set-cookie'] ?? []].flat()
  must(cookies.length > 0, "GET /login sets no cookie, so the client can't recognize the browser")
  for (const cookie of cookies) {
    must(/; *HttpOnly/i.test(cookie), "a cookie isn't HttpOnly: scripts can read it")
    must(/; *SameSite=Lax/i.test(cookie), "a cookie isn't SameSite=Lax")
  }
}

/** Sends a response, and then a code with the same state. */
async function answerTwice(stage: Stage, first: Fields, which: string): Promise<void> {
  const browser = stage.browser()
  const { state } = await stage.begin(browser)
  await stage.answer(browser, { ...first, state })
  const asked = stage.standIn.tokenRequests.length
  const page = await stage.answer(browser, { code: randomValue(), state })
  expectRefused(stage, page, which, asked)
}

/** Sends a response, and another with the same state while the client still waits for a token. */
async function answerMeanwhile(stage: Stage): Promise<void> {
  const { standIn } = stage
  const browser = stage.browser()
  const { state } = await stage.begin(browser)
  const bring = () => stage.answer(browser, { code: randomValue(), state })
  const asked = standIn.tokenRequests.length
  let second: Promise<Page> | undefined
  standIn.onToken = async () => {
    if (second === undefined) {
      second = bring()
      // Not forever: a client may handle the requests of a browser one after the other.
      await within(HOLD, second)
    }
    return standIn.tokens()
  }
  await bring()
  must(second, 'after a response with the right state, the client sends no token request')
  expectRefused(stage, await second, 'that comes a second time during the token request', asked + 1)
}

function expectRefused(stage: Stage, page: Page, which: string, asked = 0): void {
  must(page.status === 400, `a response ${which} gets ${page.status}, not 400`)
  must(
    stage.standIn.tokenRequests.length === asked,
    `after a response ${which}, the client still sends a token request`,
  )
}
