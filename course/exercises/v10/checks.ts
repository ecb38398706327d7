import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type Browser, html, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { credentials, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import {
  encodeForm,
  type FormFields,
  type RequestOptions,
} from '@oauth-lab/shared/testing/exchange.ts'
import { type Form, formsOn } from '@oauth-lab/shared/testing/forms.ts'
import {
  answered,
  expectAnswer,
  expectRandom,
  hasLinkTo,
  hasPassword,
  must,
  OTHER_CLIENT,
  queryOf,
  type Stage,
  textOf,
} from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { randomValue, type Tokens } from '../stand-in.ts'
import { openProfile } from '../v05/checks.ts'
import { BOTH, cancel, OTHER_REQUEST, went } from '../v06/checks.ts'
import { consentPage, cookieOf, FOREIGN, logIn, refusedStill } from '../v07/checks.ts'
import {
  expectDead,
  expectEndedPage,
  expectLoginEnded,
  expectWorks,
  revoke,
} from '../v09/checks.ts'

const ACCOUNT = 'server/routes/account.ts'
const ACCOUNT_PAGE = 'server/views/account.eta'
const STORE = 'server/store.ts'

/** What the server calls its scopes. */
const MEANINGS: Record<string, string> = {
  profile: 'see your user name',
  email: 'see your email address',
}

export const settings: CheckSettings = { scopes: ['profile', 'email'] }

// The server remembers what was allowed, so the order of its checks matters: the first one after the
// logins needs a user who allowed nothing yet. Before the first Disconnect, user1 gives lab-client only
// email, and user0 gives other-client nothing.
export const sentences: Sentence[] = [
  refusedStill,
  cancel,
  {
    id: 'client-login-page',
    text: 'The login page of a client still names the client, and still has Cancel',
    file: 'server/views/login.eta',
    async probe(stage) {
      const page = await stage.server.authorize()
      const text = textOf(page)
      for (const name of ['lab-client', stage.clientUrl]) {
        must(text.includes(name), `the login page of GET /authorize doesn't name ${name}`)
      }
      must(hasCancel(page), 'the login page of GET /authorize has no Cancel anymore')
    },
  },
  {
    id: 'login-page',
    text: 'GET /account shows a login page for no client, and its form posts to /account',
    file: 'server/views/login.eta',
    async probe(stage) {
      const page = await openAccount(stage, stage.browser())
      must(hasPassword(page), 'GET /account of someone who is not logged in has no login form')
      must(page.headers['set-cookie'] === undefined, 'GET /account sets a cookie before a login')
      const form = formsOn(page).find(({ names }) => names.has('password'))
      const { pathname } = new URL(form?.action ?? page.url)
      must(
        pathname === '/account' && form?.method === 'POST',
        `the login form on /account doesn't post to /account, but sends a ${form?.method} to ${pathname}`,
      )
      const odd = /undefined|null|lab-client|asks who you are/.exec(textOf(page))?.[0]
      must(!odd, `the login page on /account says "${odd}", but no client asks`)
      expectNoName(page, 'GET /account')
      must(!hasCancel(page), 'the login page on /account has Cancel, which leads back to a client')
    },
  },
  {
    id: 'login-right',
    text: 'POST /account with the right password gets a 303 to /account, which names the user',
    file: 'server/routes/account.ts',
    async probe(stage) {
      for (const number of [0, 1]) {
        const browser = await logInAtAccount(stage, `user${number}`)
        await expectLoggedIn(stage, browser, number, 'after a login there')
      }
    },
  },
  {
    id: 'login-wrong',
    text: 'A wrong password gets 401 and the form again, and changes no session',
    file: 'server/routes/account.ts',
    needs: ['login-page', 'login-right'],
    async probe(stage) {
      const wrong: [what: string, body: FormFields][] = [
        ['a wrong password', { username: 'user0', password: 'password1' }],
        ['an unknown user', { username: 'nobody', password: 'password0' }],
        ['no password', { username: 'user0' }],
        ['two passwords', { username: 'user0', password: ['password0', 'password0'] }],
      ]
      for (const [what, body] of wrong) {
        const browser = stage.browser()
        const page = await postAccount(stage, browser, { body })
        must(page.status === 401, `POST /account with ${what} gets ${got(page)}`)
        must(hasPassword(page), `POST /account with ${what} gets 401 without the form`)
        const next = await openAccount(stage, browser)
        must(hasPassword(next), `POST /account with ${what} gets 401, but logs the user in`)
      }
      const browser = await logInAtAccount(stage, 'user1')
      await postAccount(stage, browser, { body: { username: 'user0', password: 'wrong' } })
      await expectLoggedIn(stage, browser, 1, 'after a wrong password of user0')
    },
  },
  {
    id: 'login-no-form',
    text: 'POST /account with a body that is no form gets 400 and the form again',
    file: 'server/routes/account.ts',
    needs: ['login-page', 'login-right'],
    async probe(stage) {
      const body = JSON.stringify(credentials('user0'))
      for (const type of ['application/json', 'text/plain']) {
        const headers = { 'content-type': type }
        const page = await postAccount(stage, stage.browser(), { body, headers })
        must(page.status === 400, `POST /account with a body of type ${type} gets ${got(page)}`)
        must(hasPassword(page), `POST /account with a body of type ${type} gets no form`)
        expectNoName(page, `POST /account with a body of type ${type}`)
      }
    },
  },
  {
    id: 'new-id',
    text: 'Each login at /account starts a session with a new id, and the cookie from before it is useless',
    file: 'server/routes/account.ts',
    needs: ['login-page', 'login-right'],
    async probe(stage) {
      const browser = await logInAtAccount(stage, 'user1')
      const planted = await cookieOf(stage, browser)
      await logInAtAccount(stage, 'user0', browser)
      must(
        (await cookieOf(stage, browser)) !== planted,
        'a browser that came with a session keeps its id when user0 logs in. Someone who planted that cookie is then logged in as user0, too',
      )
      const page = await openAccount(stage, stage.browser(), { cookie: planted })
      must(hasPassword(page), 'after a login of user0, the cookie from before it is logged in')
    },
  },
  {
    id: 'one-session',
    text: 'A login at /account counts at /authorize, and the other way around',
    file: 'server/routes/account.ts',
    needs: ['login-page', 'login-right'],
    async probe(stage) {
      const browser = await logInAtAccount(stage, 'user0')
      const page = await browser.open(stage.server.authorizeUrl())
      must(!hasPassword(page), 'after a login at /account, GET /authorize asks for the password')
      const other = await logIn(stage, 'user1')
      await expectLoggedIn(stage, other, 1, 'after a login at /authorize')
    },
  },
  {
    id: 'foreign-login',
    text: "A form from another site can't log anyone in at /account",
    file: 'server/app.ts',
    needs: ['login-page', 'login-right'],
    async probe(stage) {
      for (const [site, what] of Object.entries(FOREIGN)) {
        const browser = stage.browser()
        const headers = { 'sec-fetch-site': site }
        const page = await postAccount(stage, browser, { body: credentials('user0'), headers })
        must(
          page.status === 400,
          `POST /account with Sec-Fetch-Site: ${site}, ${what}, gets ${got(page)}`,
        )
        const next = await openAccount(stage, browser)
        must(hasPassword(next), `${what} gets a 400, but logs the browser in`)
      }
    },
  },
  {
    id: 'home-link',
    text: 'The start page of the server has a link to /account',
    file: 'server/views/home.eta',
    async probe(stage) {
      const page = await stage.browser().open(`${stage.server.serverUrl}/`)
      must(hasLinkTo(page, '/account'), 'the start page of the server has no link to /account')
    },
  },
  {
    id: 'lists-nothing',
    text: 'A user who allowed nothing reads "No app has access", and finds no client on the page',
    file: 'server/views/account.eta',
    needs: ['one-session'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      await consentPage(stage, browser)
      const text = await accountText(stage, browser)
      expectNames(text, [], 'for a user who allowed nothing,')
      must(
        /no app has access/i.test(text),
        `for a user who allowed nothing, /account doesn't say "No app has access"`,
      )
    },
  },
  {
    id: 'lists',
    text: 'The page lists each client that this user allowed something, and what: by name and in words',
    file: 'server/routes/account.ts',
    needs: ['lists-nothing'],
    async probe(stage) {
      await connect(stage, 'user1', { scope: 'email' })
      const browser = await logIn(stage, 'user1')
      await expectApps(stage, browser, ['lab-client'], 'email')
      await connect(stage, 'user1', OTHER_REQUEST)
      await expectApps(stage, browser, ['lab-client', 'other-client'], BOTH)
    },
  },
  {
    id: 'lists-own',
    text: 'It lists nothing that another user allowed, and no client that only asked or got a Deny',
    file: 'server/routes/account.ts',
    needs: ['lists'],
    async probe(stage) {
      await connect(stage, 'user0', { scope: 'profile' })
      await connect(stage, 'user1', OTHER_REQUEST)
      const browser = await logIn(stage, 'user0')
      const page = await consentPage(stage, browser, OTHER_REQUEST)
      const when = 'when user1 allowed other-client, and user0 only saw its page, for user0'
      expectNames(await accountText(stage, browser), ['lab-client'], when)
      await browser.submit(page, {}, 'deny')
      const denied = 'after a Deny for other-client,'
      expectNames(await accountText(stage, browser), ['lab-client'], denied)
    },
  },
  {
    id: 'no-page-still',
    text: 'After an Allow, the same request still gets a code without a page',
    file: 'server/routes/authorize.ts',
    async probe(stage) {
      await connect(stage, 'user0')
      await expectRemembered(stage, 'user0', {}, 'after an Allow, the same GET /authorize')
    },
  },
  {
    id: 'revoke-still',
    text: 'POST /revoke with a refresh token still ends its login, and no other',
    file: 'server/store.ts',
    async probe(stage) {
      const { server } = stage
      const [login, other] = [await connect(stage, 'user0'), await connect(stage, 'user0')]
      await revoke(server, { token: login.refresh_token })
      const after = 'after POST /revoke with a refresh token'
      await expectLoginEnded(server, [login], after)
      await expectWorks(server, other.access_token, after, ' of another login')
    },
  },
  {
    id: 'disconnect',
    text: '"Disconnect" posts client_id to /account/disconnect, which gets a 303 to /account, and the client is gone from there',
    file: 'server/routes/account.ts',
    needs: ['lists-own'],
    async probe(stage) {
      await connect(stage, 'user0', { scope: BOTH })
      const browser = await logIn(stage, 'user0')
      await disconnect(stage, browser)
      const text = await accountText(stage, browser)
      expectNames(text, [], 'after a Disconnect of the only client,', STORE)
    },
  },
  {
    id: 'connects-again',
    text: 'After a Disconnect and a new Allow, the client gets tokens that work, and is on the page again',
    file: 'server/store.ts',
    needs: ['disconnect'],
    async probe(stage) {
      await connect(stage, 'user0')
      const browser = await logIn(stage, 'user0')
      await disconnect(stage, browser)
      const after = 'after a Disconnect and a new Allow'
      await expectAlive(stage, await connect(stage, 'user0'), after)
      expectNames(await accountText(stage, browser), ['lab-client'], `${after},`)
    },
  },
  {
    id: 'asks-again',
    text: "After a Disconnect, the client's next request gets the consent page, with a box for every scope",
    file: 'server/routes/authorize.ts',
    needs: ['connects-again'],
    async probe(stage) {
      const browser = stage.browser()
      await codeOf(stage, 'user0', { scope: BOTH }, browser)
      await disconnect(stage, browser)
      for (const scope of ['profile', 'email', BOTH]) {
        const page = await browser.open(stage.server.authorizeUrl({ scope }))
        const request = `after a Disconnect, GET /authorize with scope=${scope}`
        must(!queryOf(page).has('code'), `${request} gets a code: nobody was asked`)
        must(page.status === 200, `${request}: ${went(page)}`)
        const boxes = formsOn(page).flatMap(({ values }) => values.scope ?? [])
        const missing = scope.split(' ').find((name) => !boxes.includes(name))
        must(!missing, `${request} gets a page without a box for ${missing}`)
      }
    },
  },
  {
    id: 'forgets-one-app',
    text: 'A Disconnect forgets nothing that the user allowed another client',
    file: 'server/store.ts',
    needs: ['asks-again'],
    async probe(stage) {
      await connect(stage, 'user0')
      await connect(stage, 'user0', OTHER_REQUEST)
      const browser = await logIn(stage, 'user0')
      await disconnect(stage, browser)
      const when = 'after a Disconnect of lab-client,'
      const request = `${when} GET /authorize of other-client`
      await expectRemembered(stage, 'user0', OTHER_REQUEST, request)
      expectNames(await accountText(stage, browser), ['other-client'], when)
    },
  },
  {
    id: 'forgets-one-user',
    text: 'A Disconnect forgets nothing that another user allowed the client',
    file: 'server/store.ts',
    needs: ['asks-again'],
    async probe(stage) {
      for (const user of ['user0', 'user1']) await connect(stage, user)
      await disconnect(stage, await logIn(stage, 'user0'))
      await expectRemembered(
        stage,
        'user1',
        {},
        'after a Disconnect by user0, GET /authorize of user1',
      )
    },
  },
  {
    id: 'ends-tokens',
    text: 'A Disconnect ends the access token and the refresh token of every login at this client',
    file: 'server/store.ts',
    needs: ['forgets-one-app', 'forgets-one-user'],
    async probe(stage) {
      const logins = [
        await connect(stage, 'user0', { scope: BOTH }),
        await connect(stage, 'user0'),
        await connect(stage, 'user0'),
      ]
      const { server } = stage
      const { body } = await server.refresh(logins[1]?.refresh_token ?? '')
      const renewed = String(body.access_token)
      await expectWorks(server, renewed, 'before a Disconnect, after a refresh')
      await disconnect(stage, await logIn(stage, 'user0'))
      await expectDead(server, renewed, 'after a refresh and a Disconnect')
      for (const [index, login] of logins.entries()) {
        const after = `after ${logins.length} logins and a Disconnect, for login ${index + 1}`
        await expectLoginEnded(server, [login], after)
      }
    },
  },
  {
    id: 'ends-codes',
    text: 'A code from before a Disconnect gets invalid_grant after it',
    file: 'server/store.ts',
    needs: ['ends-tokens'],
    async probe(stage) {
      const code = await codeOf(stage, 'user0')
      await disconnect(stage, await logIn(stage, 'user0'))
      await expectCodeEnded(stage, code, 'after a Disconnect')
    },
  },
  {
    id: 'ends-one-app',
    text: "After a Disconnect, the user's tokens at another client still work",
    file: 'server/store.ts',
    needs: ['ends-tokens'],
    async probe(stage) {
      const other = await connect(stage, 'user0', OTHER_REQUEST)
      const login = await connect(stage, 'user0')
      await disconnect(stage, await logIn(stage, 'user0'))
      const after = 'after a Disconnect of lab-client'
      await expectLoginEnded(stage.server, [login], after)
      await expectAlive(stage, other, after, ' of other-client', OTHER_CLIENT)
    },
  },
  {
    id: 'ends-one-user',
    text: "After a Disconnect, another user's tokens at the same client still work",
    file: 'server/store.ts',
    needs: ['ends-tokens'],
    async probe(stage) {
      const other = await connect(stage, 'user1')
      const login = await connect(stage, 'user0')
      await disconnect(stage, await logIn(stage, 'user0'))
      const after = 'after a Disconnect by user0'
      await expectLoginEnded(stage.server, [login], after)
      await expectAlive(stage, other, after, ' of user1')
    },
  },
  {
    id: 'starts-anew',
    text: 'After a Disconnect and a new Allow, new tokens work, and what has ended stays ended',
    file: 'server/store.ts',
    needs: ['ends-codes', 'ends-one-app', 'ends-one-user'],
    async probe(stage) {
      const [old, code] = [await connect(stage, 'user0'), await codeOf(stage, 'user0')]
      await disconnect(stage, await logIn(stage, 'user0'))
      const fresh = await connect(stage, 'user0')
      const after = 'after a Disconnect and a new Allow'
      await expectLoginEnded(stage.server, [old], after)
      await expectCodeEnded(stage, code, after)
      await expectAlive(stage, fresh, after, ' of the new login')
    },
  },
  {
    id: 'csrf-random',
    text: 'Each session has its own value in its Disconnect forms, named csrf, with at least 128 random bits',
    file: 'server/routes/account.ts',
    needs: ['forgets-one-app', 'forgets-one-user'],
    async probe(stage) {
      for (const changes of [{}, OTHER_REQUEST]) await connect(stage, 'user0', changes)
      const values: string[] = []
      const logins = [logIn, logInAtAccount]
      for (const logInAgain of [...logins, ...logins]) {
        const browser = await logInAgain(stage, 'user0')
        const csrf = await csrfOf(stage, browser)
        values.push(csrf)
        must(
          csrf === (await csrfOf(stage, browser, 'other-client')),
          'each page of a session has another csrf value, so the forms in other tabs stop working',
        )
      }
      expectRandom(values, 'value', 'two sessions have the same csrf value')
    },
  },
  {
    id: 'csrf-needed',
    text: 'Without the csrf value, with a wrong one, or with two, POST /account/disconnect gets a 400 page and ends nothing',
    file: 'server/routes/account.ts',
    needs: ['ends-codes', 'ends-one-app', 'ends-one-user', 'csrf-random'],
    async probe(stage) {
      const login = await connect(stage, 'user0')
      const browser = await logIn(stage, 'user0')
      const csrf = await csrfOf(stage, browser)
      const wrong: [what: string, body: FormFields][] = [
        ['no csrf', {}],
        ['an empty csrf', { csrf: '' }],
        ['a wrong csrf', { csrf: randomValue() }],
        ['the start of the csrf value', { csrf: csrf.slice(0, -1) }],
        ['csrf=undefined', { csrf: 'undefined' }],
        ['two csrf values', { csrf: [csrf, randomValue()] }],
      ]
      for (const [what, body] of wrong) {
        const page = await postDisconnect(stage, browser, { client_id: 'lab-client', ...body })
        await expectKept(stage, page, login, what)
      }
    },
  },
  {
    id: 'csrf-own',
    text: 'The csrf value of another session gets a 400 page, even that of the same user',
    file: 'server/routes/account.ts',
    needs: ['csrf-needed'],
    async probe(stage) {
      await connect(stage, 'user1')
      const login = await connect(stage, 'user0')
      const browser = await logIn(stage, 'user0')
      const others = {
        "the csrf value of user1's session": await csrfOf(stage, await logIn(stage, 'user1')),
        'the csrf value of another session of this user': await csrfOf(
          stage,
          await logIn(stage, 'user0'),
        ),
      }
      for (const [what, csrf] of Object.entries(others)) {
        const page = await postDisconnect(stage, browser, { client_id: 'lab-client', csrf })
        await expectKept(stage, page, login, what)
      }
      const csrf = await csrfOf(stage, browser)
      await logIn(stage, 'user0', browser)
      const page = await postDisconnect(stage, browser, { client_id: 'lab-client', csrf })
      await expectKept(stage, page, login, 'the csrf value from before a new login')
    },
  },
  {
    id: 'foreign-disconnect',
    text: 'A form from another site gets a 400 page, even with the right csrf value',
    file: 'server/same-origin.ts',
    needs: ['starts-anew', 'csrf-own', 'foreign-login'],
    async probe(stage) {
      const login = await connect(stage, 'user0')
      const browser = await logIn(stage, 'user0')
      const form = { client_id: 'lab-client', csrf: await csrfOf(stage, browser) }
      for (const [site, what] of Object.entries(FOREIGN)) {
        const page = await postDisconnect(stage, browser, form, { 'sec-fetch-site': site })
        await expectKept(stage, page, login, `Sec-Fetch-Site: ${site}, ${what},`)
      }
    },
  },
  {
    id: 'not-connected',
    text: "A Disconnect for a client that isn't connected gets a 400 page, and ends nothing",
    file: 'server/routes/account.ts',
    needs: ['starts-anew', 'csrf-own'],
    async probe(stage) {
      await connect(stage, 'user1', OTHER_REQUEST)
      await connect(stage, 'user0', OTHER_REQUEST)
      const login = await connect(stage, 'user0')
      const browser = await logIn(stage, 'user0')
      const csrf = await csrfOf(stage, browser)
      await disconnect(stage, browser, 'other-client')
      const wrong: [what: string, body: FormFields][] = [
        ['a client that this user disconnected before', { client_id: 'other-client' }],
        ['no client_id', {}],
        ['an unknown client_id', { client_id: 'nobody' }],
        ['client_id=__proto__', { client_id: '__proto__' }],
        ['two values of client_id', { client_id: ['lab-client', 'lab-client'] }],
      ]
      for (const [what, body] of wrong) {
        const page = await postDisconnect(stage, browser, { csrf, ...body })
        await expectKept(stage, page, login, what)
      }
      const noForm = { 'content-type': 'application/json' }
      const page = await postDisconnect(stage, browser, {}, noForm)
      await expectKept(stage, page, login, 'a body that is no form')
      // To make the list, the copy may give each client a set, even an empty one.
      await openAccount(stage, browser)
      const empty = await postDisconnect(stage, browser, { csrf, client_id: 'other-client' })
      must(
        empty.status === 400,
        `POST /account/disconnect with a client that this user disconnected before gets ${got(empty)}, once /account has been opened again: an empty set of scopes is nothing to take back`,
        STORE,
      )
    },
  },
  {
    id: 'nobody',
    text: "A Disconnect of someone who isn't logged in, or logs out while the form arrives, gets a 400 page and ends nothing",
    file: 'server/routes/account.ts',
    needs: ['starts-anew', 'csrf-own'],
    async probe(stage) {
      const login = await connect(stage, 'user0')
      const browser = await logIn(stage, 'user0')
      const form = { client_id: 'lab-client', csrf: await csrfOf(stage, browser) }
      for (const body of [form, { client_id: 'lab-client' }]) {
        const page = await postDisconnect(stage, stage.browser(), body)
        await expectKept(stage, page, login, 'the form of a browser that nobody logged in with')
      }
      const cookie = await cookieOf(stage, browser)
      const slow = await postDuringLogout(stage, browser, form)
      await expectKept(stage, slow, login, 'a form that arrives during a logout')
      const late = await postDisconnect(stage, stage.browser(), form, { cookie })
      await expectKept(stage, late, login, 'the cookie and the form of a session after its logout')
    },
  },
  {
    id: 'logout-query',
    text: 'POST /logout with a query still redirects to /authorize with exactly that query',
    file: 'server/routes/logout.ts',
    async probe(stage) {
      const { search } = new URL(stage.server.authorizeUrl({ state: 'a b&"c=d' }))
      for (const browser of [await logIn(stage), stage.browser()]) {
        const page = await logOut(stage, browser, search)
        must(
          page.location === `${stage.server.serverUrl}/authorize${search}`,
          `POST /logout with the query of an authorization request gets ${got(page)}, not the same query at /authorize`,
        )
      }
    },
  },
  {
    id: 'logout-button',
    text: 'GET /account has a form that posts to /logout, without a query',
    file: 'server/views/account.eta',
    needs: ['one-session'],
    async probe(stage) {
      await logOutFormOf(stage, await logIn(stage))
    },
  },
  {
    id: 'logout-account',
    text: 'POST /logout without a query ends the session, leads to /account, and ends no token',
    file: 'server/routes/logout.ts',
    needs: ['connects-again'],
    async probe(stage) {
      const login = await connect(stage, 'user0')
      for (const browser of [await logIn(stage), stage.browser()]) {
        const page = await logOut(stage, browser)
        must(
          page.location === `${stage.server.serverUrl}/account`,
          `POST /logout without a query gets ${got(page)}`,
        )
        const next = await openAccount(stage, browser)
        must(hasPassword(next), 'after POST /logout, /account asks for no password')
      }
      await expectAlive(stage, login, 'after a logout at the server')
    },
  },
  {
    id: 'together',
    text: "Everything together: after Disconnect and Log out at the server, the client's page says that access was ended, and its link leads through a login and a consent page back to the user name",
    on: 'both',
    file: 'server/routes/account.ts',
    async probe(stage) {
      const browser = stage.browser()
      await stage.loginAtServer(browser, 'user1')
      await disconnect(stage, browser)
      const form = await logOutFormOf(stage, browser)
      const login = await browser.visit(
        (await browser.open(form.action, { method: 'POST' })).location ?? form.action,
      )
      must(
        hasPassword(login) && new URL(login.url).pathname === '/account',
        `after "Log out" on /account, the browser is at ${new URL(login.url).pathname}, which returns ${login.status}`,
        'server/routes/logout.ts',
      )
      const link = expectEndedPage(await openProfile(stage, browser), 'after a Disconnect')
      const asked = await browser.answerForms(await browser.visit(link), {
        username: 'user1',
        password: 'password1',
      })
      const end = await browser.follow(asked)
      must(
        end.status === 200 && textOf(end).includes('User Number 1'),
        `the link on the client's page ends at ${new URL(end.url).pathname}, which returns ${end.status} without the user name`,
      )
    },
  },
]

/** What the account page is for a browser, or for someone who has only a cookie. */
async function openAccount({ server }: Stage, browser: Browser, headers: Fields = {}) {
  const page = await browser.open(`${server.serverUrl}/account`, { headers })
  must(page.status !== 404, 'the server has no GET /account', ACCOUNT)
  must(page.status === 200, `GET /account gets ${got(page)}`, ACCOUNT)
  return page
}

/** Posts anything to the login of the account page. Follows no redirect. */
async function postAccount(
  { server }: Stage,
  browser: Browser,
  options: RequestOptions,
): Promise<Page> {
  const page = await browser.open(`${server.serverUrl}/account`, { method: 'POST', ...options })
  must(![404, 405].includes(page.status), 'the server has no POST /account')
  return page
}

/** Logs in at the account page. */
async function logInAtAccount(
  stage: Stage,
  user: string,
  browser = stage.browser(),
): Promise<Browser> {
  const page = await postAccount(stage, browser, { body: credentials(user) })
  must(
    page.status === 303 && page.location === `${stage.server.serverUrl}/account`,
    `POST /account with the right password gets ${got(page)}`,
  )
  return browser
}

/** The text of the account page of someone who is logged in. */
async function accountText(stage: Stage, browser: Browser): Promise<string> {
  const page = await openAccount(stage, browser)
  must(!hasPassword(page), 'GET /account of someone who is logged in asks for a password', ACCOUNT)
  return textOf(page)
}

/** @throws {NotYet} unless the account page is that of this user */
async function expectLoggedIn(
  stage: Stage,
  browser: Browser,
  number: number,
  when: string,
): Promise<void> {
  const page = await openAccount(stage, browser)
  must(!hasPassword(page), `${when}, GET /account asks for a password`)
  must(
    textOf(page).includes(`User Number ${number}`),
    `${when}, the page on /account doesn't name User Number ${number}`,
    ACCOUNT_PAGE,
  )
}

/** @throws {NotYet} unless the account page names these clients, and no other */
function expectNames(text: string, clients: string[], when: string, file = ACCOUNT): void {
  for (const client_id of ['lab-client', 'other-client']) {
    const isThere = text.includes(client_id)
    const isExpected = clients.includes(client_id)
    must(isThere || !isExpected, `${when} /account doesn't name ${client_id}`, file)
    must(!isThere || isExpected, `${when} /account names ${client_id}`, file)
  }
}

/** @throws {NotYet} unless the account page has these clients, and all of these scopes, but no other */
async function expectApps(
  stage: Stage,
  browser: Browser,
  clients: string[],
  scope: string,
): Promise<void> {
  const page = await openAccount(stage, browser)
  const when = `for a user who allowed ${clients.join(' and ')} to see ${scope.replace(' ', ' and ')},`
  expectNames(textOf(page), clients, when)
  for (const [name, meaning] of Object.entries(MEANINGS)) {
    const isExpected = scope.split(' ').includes(name)
    const isThere = new RegExp(`\\b${name}\\b`).test(textOf(page).replaceAll(meaning, ''))
    must(isThere || !isExpected, `${when} /account doesn't name the scope ${name}`)
    must(!isThere || isExpected, `${when} /account names the scope ${name}`)
    must(
      !isExpected || textOf(page).includes(meaning),
      `${when} /account doesn't say "${meaning}" for ${name}, as the consent page does`,
      ACCOUNT_PAGE,
    )
  }
}

/** A code for a client that a user allows everything that it asks for. */
async function codeOf(
  { server }: Stage,
  user: string,
  changes: Fields = {},
  browser = server.browser(),
): Promise<string> {
  const page = await server.enterPassword(browser, server.authorizeUrl(changes), user)
  const code = queryOf(page).get('code')
  must(
    code,
    `after an Allow, the browser gets no code: ${went(page)}`,
    'server/routes/authorize.ts',
  )
  return code
}

/** The tokens of a new login at a client, which a user allows everything that it asks for. */
async function connect(stage: Stage, user: string, changes: Fields = {}): Promise<Tokens> {
  const code = await codeOf(stage, user, changes)
  const { redirect_uri } = changes
  const { status, body } = redirect_uri
    ? await stage.server.redeem(code, { redirect_uri }, OTHER_CLIENT)
    : await stage.server.redeem(code)
  must(status === 200, `after an Allow, the code gets ${answered(status, body)}`, STORE)
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

/** The form that disconnects a client. */
async function disconnectForm(stage: Stage, browser: Browser, client_id: string): Promise<Form> {
  const page = await openAccount(stage, browser)
  const form = formsOn(page).find(({ action, values, buttons }) => {
    const sent = buttons.filter(({ name }) => name === 'client_id').map(({ value }) => value)
    return (
      new URL(action).pathname === '/account/disconnect' &&
      [...sent, ...(values.client_id ?? [])].includes(client_id)
    )
  })
  must(
    form?.method === 'POST',
    `after an Allow for ${client_id}, /account has no form that posts client_id=${client_id} to /account/disconnect`,
    ACCOUNT_PAGE,
  )
  return form
}

/** Presses "Disconnect" on the account page. */
async function disconnect(stage: Stage, browser: Browser, client_id = 'lab-client'): Promise<void> {
  const { values } = await disconnectForm(stage, browser, client_id)
  const page = await postDisconnect(stage, browser, { ...values, client_id })
  must(
    page.status === 303 && page.location === `${stage.server.serverUrl}/account`,
    `"Disconnect" on /account gets ${got(page)}`,
  )
}

/** Posts anything to the address that disconnects. */
async function postDisconnect(
  { server }: Stage,
  browser: Browser,
  body: FormFields,
  headers: Fields = {},
): Promise<Page> {
  const url = `${server.serverUrl}/account/disconnect`
  const type = 'application/x-www-form-urlencoded'
  const options = { method: 'POST', body, headers: { 'content-type': type, ...headers } }
  const page = await browser.open(url, options)
  must(page.status !== 404, 'the server has no POST /account/disconnect', ACCOUNT)
  return page
}

/** Posts a form to the address that disconnects, with a logout after the headers and before the body. */
async function postDuringLogout(
  stage: Stage,
  browser: Browser,
  form: FormFields,
): Promise<Pick<Page, 'status' | 'location'>> {
  const headers = {
    cookie: await cookieOf(stage, browser),
    'content-type': 'application/x-www-form-urlencoded',
    expect: '100-continue',
  }
  const url = `${stage.server.serverUrl}/account/disconnect`
  const slow = httpRequest(url, { method: 'POST', headers })
  const response = once(slow, 'response') as Promise<[IncomingMessage]>
  slow.flushHeaders()
  await once(slow, 'continue')
  await logOut(stage, browser)
  slow.end(encodeForm(form))
  const [{ statusCode = 0, headers: answer }] = await response
  const { location } = answer
  return { status: statusCode, location: location && new URL(location, url).href }
}

/** The value in the form that disconnects a client. */
async function csrfOf(stage: Stage, browser: Browser, client_id = 'lab-client'): Promise<string> {
  const { values } = await disconnectForm(stage, browser, client_id)
  const [csrf] = values.csrf ?? []
  must(csrf, 'the Disconnect form has no hidden field csrf with a value', ACCOUNT_PAGE)
  return csrf
}

/** The form that logs out. */
async function logOutFormOf(stage: Stage, browser: Browser): Promise<Form> {
  const page = await openAccount(stage, browser)
  const form = formsOn(page).find(({ action }) => new URL(action).pathname === '/logout')
  must(form?.method === 'POST', '/account has no form that posts to /logout', ACCOUNT_PAGE)
  const { search } = new URL(form.action)
  must(search === '', `the form on /account posts to /logout${search}`, ACCOUNT_PAGE)
  return form
}

/** Logs out at the server. */
async function logOut({ server }: Stage, browser: Browser, query = ''): Promise<Page> {
  const page = await browser.open(`${server.serverUrl}/logout${query}`, { method: 'POST' })
  must(page.status === 303, `POST /logout gets ${got(page)}`)
  return page
}

/** @throws {NotYet} unless a client gets a code without a page */
async function expectRemembered(
  stage: Stage,
  user: string,
  changes: Fields,
  request: string,
): Promise<void> {
  const browser = await logIn(stage, user)
  const page = await browser.open(stage.server.authorizeUrl(changes))
  must(
    queryOf(page).has('code'),
    `${request} gets no code, although everything was allowed before: ${went(page)}`,
  )
}

/** @throws {NotYet} unless the tokens of a login still work */
async function expectAlive(
  { server }: Stage,
  { access_token, refresh_token }: Tokens,
  after: string,
  whose = '',
  headers: Fields = {},
): Promise<void> {
  await expectWorks(server, access_token, after, whose)
  const answer = await server.refresh(refresh_token, headers)
  expectAnswer(answer, 200, `${after}, the refresh token${whose}`)
}

/** @throws {NotYet} unless the token endpoint rejects a code */
async function expectCodeEnded({ server }: Stage, code: string, after: string): Promise<void> {
  const { status, body } = await server.redeem(code)
  must(
    status === 400 && body.error === 'invalid_grant',
    `${after}, a code from before gets ${answered(status, body)} at POST /token`,
  )
}

/** @throws {NotYet} unless a Disconnect got a 400 page, and ended nothing */
async function expectKept(
  stage: Stage,
  page: Pick<Page, 'status' | 'location'>,
  login: Tokens,
  what: string,
): Promise<void> {
  const request = `POST /account/disconnect with ${what}`
  const { status } = await stage.server.me(`Bearer ${login.access_token}`)
  must(status === 200, `${request} ends the tokens of lab-client, and gets ${page.status}`)
  must(page.status === 400, `${request} gets ${got(page)}, not a 400 page`)
}

/** What a browser got, in words. */
function got({ status, location }: Pick<Page, 'status' | 'location'>): string {
  return location === undefined ? `${status}` : `${status} to ${new URL(location).pathname}`
}

/** @throws {NotYet} if a login form has a user name that nobody typed */
function expectNoName(page: Page, request: string): void {
  const name = html(page).querySelector('input[name=username]')?.getAttribute('value') ?? ''
  must(
    name === '',
    `${request} gets a form with the user name "${name}": login.eta shows it.username`,
    ACCOUNT,
  )
}

function hasCancel(page: Page): boolean {
  return formsOn(page).some(({ buttons }) => buttons.some(({ value }) => value === 'deny'))
}
