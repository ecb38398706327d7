import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from '@oauth-lab/shared/testing/browser.ts'
import { html } from '@oauth-lab/shared/testing/browser.ts'
import { credentials, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import type { FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { type Form, formsOn } from '@oauth-lab/shared/testing/forms.ts'
import {
  answered,
  expectRandom,
  hasPassword,
  leadsTo,
  must,
  queryOf,
  type Stage,
  textOf,
} from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { randomValue } from '../stand-in.ts'
import {
  BOTH,
  cancel,
  expectError,
  expectListed,
  OTHER_REQUEST,
  shown,
  went,
  withScope,
} from '../v06/checks.ts'

/** What browsers send with a form from another site's page. W3C Fetch Metadata section 2.3 */
export const FOREIGN = {
  'cross-site': 'a form from another site',
  'same-site': 'a form from another program on this host',
  none: 'a form that no page sent',
}
/** A state with characters that a URL has to escape. */
const STATE = 'a b&"c=d'
/** How many values of consent pages a session keeps. */
const MOST_PAGES = 20

export const refusedStill: Sentence = {
  id: 'refused-still',
  text: 'A wrong redirect URI still gets a 400 page and a wrong scope invalid_scope, logged in or not',
  file: 'server/routes/authorize.ts',
  async probe(stage) {
    const browser = stage.browser()
    for (const when of ['before a login', 'after a login']) {
      const evil = await browser.open(
        stage.server.authorizeUrl({ redirect_uri: 'https://evil.example/callback' }),
      )
      must(
        evil.status === 400,
        `${when}, GET /authorize with an unknown redirect URI: ${went(evil)}`,
      )
      const page = await browser.open(stage.server.authorizeUrl({ scope: 'admin' }))
      const request = `${when}, GET /authorize with scope=admin`
      expectError(page, stage.redirectUri, request, 'invalid_scope')
      await postPassword(stage, browser)
    }
  },
}

export const consentMissing: Sentence = {
  id: 'consent-missing',
  text: 'Without the value of the page, or with a wrong one, POST /consent gets a 400 page and no code',
  file: 'server/routes/authorize.ts',
  needs: ['allow'],
  async probe(stage) {
    const browser = await logIn(stage)
    await consentPage(stage, browser)
    const wrong = ['', randomValue(), '__proto__', 'constructor']
    for (const decision of ['allow', 'deny']) {
      const page = await answer(stage, browser, { decision })
      expectRefused(page, `POST /consent with decision=${decision} and no value`)
      for (const consent of wrong) {
        const page = await answer(stage, browser, { consent, decision })
        expectRefused(page, `POST /consent with decision=${decision} and consent=${consent}`)
      }
    }
  },
}

export const settings: CheckSettings = {
  short: { CODE_TTL: '0.4' },
  scopes: ['profile', 'email'],
}

export const sentences: Sentence[] = [
  {
    id: 'own-forms',
    text: 'POST /authorize works with Sec-Fetch-Site: same-origin, and without the header',
    file: 'server/same-origin.ts',
    async probe(stage) {
      for (const site of ['same-origin', undefined]) {
        const { status } = await postPassword(stage, stage.browser(), {}, site)
        const header = site === undefined ? 'without Sec-Fetch-Site' : `with ${siteHeader(site)}`
        must(
          status !== 400,
          `${header}, POST /authorize returns 400. Reject it only if the header is there and isn't same-origin`,
        )
      }
    },
  },
  {
    id: 'foreign-links',
    text: 'Any site can still send people to GET /authorize, and programs can still call POST /token',
    file: 'server/same-origin.ts',
    async probe({ server }) {
      for (const site of Object.keys(FOREIGN)) {
        const headers = { 'sec-fetch-site': site }
        const { status } = await server.authorize({}, { headers })
        must(status === 200, `GET /authorize with ${siteHeader(site)} returns ${status}`)
        const token = await server.redeem('unknown', {}, headers)
        must(
          token.body.error === 'invalid_grant',
          `POST /token with ${siteHeader(site)} and an unknown code returns ${answered(token.status, token.body)}, not invalid_grant: only forms need the check`,
          'server/app.ts',
        )
      }
    },
  },
  { ...cancel, needs: ['own-forms'] },
  {
    id: 'no-cookie',
    text: 'The server sets no cookie before someone logs in: not with a page, a wrong password, or Cancel',
    file: 'server/routes/authorize.ts',
    async probe({ server }) {
      const url = server.authorizeUrl()
      const post = (body: FormFields) => server.browser().open(url, { method: 'POST', body })
      const pages = {
        'the login page': await server.authorize(),
        'a wrong password': await post({ username: 'user0', password: 'wrong' }),
        'decision=deny': await post({ decision: 'deny' }),
      }
      for (const [what, { headers }] of Object.entries(pages)) {
        must(headers['set-cookie'] === undefined, `the response to ${what} sets a cookie`)
      }
    },
  },
  refusedStill,
  {
    id: 'login-only',
    text: `The login page lists no scopes, and its button doesn't say "allow"`,
    file: 'server/views/login.eta',
    async probe({ server }) {
      const pages = {
        'GET /authorize': await server.authorize({ scope: BOTH }),
        'a wrong password': await server.logIn({ scope: BOTH }, 'wrong'),
      }
      for (const [what, page] of Object.entries(pages)) {
        const named = /\b(?:profile|email)\b/.exec(textOf(page))?.[0]
        must(
          !named,
          `after ${what}, the login page names ${named}, but it should only ask who you are`,
        )
        const buttons = html(page).querySelectorAll('button')
        must(
          !buttons.some(({ text }) => /allow/i.test(text)),
          'a button of the login page still allows something',
        )
      }
    },
  },
  {
    id: 'back-to-request',
    text: 'The right password gets a 303 to the same URL, and no code',
    file: 'server/routes/authorize.ts',
    needs: ['own-forms'],
    async probe(stage) {
      for (const changes of [{}, { scope: BOTH, state: STATE }, OTHER_REQUEST]) {
        await logIn(stage, 'user0', stage.browser(), changes)
      }
    },
  },
  {
    id: 'session-cookie',
    text: "The right password gets a cookie, with a name that isn't the client's, and HttpOnly",
    file: 'server/app.ts',
    needs: ['back-to-request'],
    async probe(stage) {
      const page = await postPassword(stage, stage.browser())
      const [cookie = ''] = [page.headers['set-cookie'] ?? []].flat()
      must(
        cookie !== '',
        `the right password gets no cookie: ${went(page)}. A session sets one when something is stored in it`,
        'server/routes/authorize.ts',
      )
      const [name] = cookie.split('=')
      must(
        name !== `oauth_lab_${new URL(stage.clientUrl).port}`,
        `the cookie is called ${name}, like the client's. Cookies ignore ports, so each program would overwrite the other's`,
      )
      must(/; *httponly/i.test(cookie), 'the cookie has no HttpOnly')
    },
  },
  {
    id: 'new-session-id',
    text: 'Each login starts a session with a new id',
    file: 'server/routes/authorize.ts',
    needs: ['session-cookie'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      const planted = await cookieOf(stage, browser)
      for (const user of ['user0', 'user0']) {
        await logIn(stage, user, browser)
        must(
          (await cookieOf(stage, browser)) !== planted,
          `a browser that came with a session keeps its id when ${user} logs in. Someone who planted that cookie is then logged in as ${user}, too`,
        )
      }
    },
  },
  {
    id: 'password-once',
    text: 'After a login, GET /authorize asks this browser for no password, and every other browser still',
    file: 'server/routes/authorize.ts',
    needs: ['session-cookie'],
    async probe(stage) {
      const browser = await logIn(stage)
      for (const changes of [{}, { scope: BOTH, state: STATE }, OTHER_REQUEST]) {
        await consentPage(stage, browser, changes)
      }
      must(await asksPassword(stage, stage.browser()), 'another browser is logged in, too')
    },
  },
  {
    id: 'planted-cookie',
    text: 'The cookie from before a login is useless after it',
    file: 'server/routes/authorize.ts',
    needs: ['new-session-id', 'password-once'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      const planted = await cookieOf(stage, browser)
      await logIn(stage, 'user0', browser)
      await consentPage(stage, browser)
      must(
        await asksPassword(stage, stage.browser(), planted),
        "after user0's login, the cookie from before it is still logged in",
      )
    },
  },
  {
    id: 'consent-page',
    text: 'The consent page names the user, the client and its origin',
    file: 'server/views/consent.eta',
    needs: ['password-once'],
    async probe(stage) {
      for (const number of [0, 1]) {
        const browser = await logIn(stage, `user${number}`)
        const text = textOf(await consentPage(stage, browser))
        must(
          text.includes(`User Number ${number}`) || text.includes(`user${number}`),
          `the page for user${number} doesn't name the user`,
        )
        must(text.includes('lab-client'), "the page for lab-client doesn't name the client")
        must(text.includes(stage.clientUrl), `the page doesn't name ${stage.clientUrl}`)
        const other = textOf(await consentPage(stage, browser, OTHER_REQUEST))
        must(other.includes('other-client'), "the page for other-client doesn't name the client")
        must(
          other.includes('http://localhost:25009'),
          "the page for other-client doesn't name http://localhost:25009, where it is",
        )
      }
    },
  },
  {
    id: 'consent-scopes',
    text: 'The consent page lists each requested scope, by name and in words, and no other',
    file: 'server/views/consent.eta',
    needs: ['password-once'],
    async probe(stage) {
      const browser = await logIn(stage)
      for (const scope of [BOTH, 'profile', 'email', undefined]) {
        const page = await consentPage(stage, browser, { scope })
        expectListed(page, scope ?? 'profile', withScope(scope))
      }
      const words = async (scope: string) =>
        textOf(await consentPage(stage, browser, { scope })).replaceAll(scope, '')
      must(
        (await words('profile')) !== (await words('email')),
        "the pages for profile and for email differ in the scope's name alone: say in words what each scope allows",
      )
    },
  },
  {
    id: 'consent-buttons',
    text: 'The consent page has the buttons Allow and Deny, in a form that posts to /consent with the query of the request',
    file: 'server/views/consent.eta',
    needs: ['password-once'],
    async probe(stage) {
      const browser = await logIn(stage)
      const changes = { scope: BOTH, state: STATE }
      const form = formTo('/consent', await consentPage(stage, browser, changes))
      expectSameQuery(stage, form.action, changes, 'the form posts to /consent')
      for (const value of ['allow', 'deny']) {
        must(
          form.buttons.some((button) => button.name === 'decision' && button.value === value),
          `the form has no <button name="decision" value="${value}">`,
        )
      }
    },
  },
  {
    id: 'consent-client-origin',
    text: 'The Content-Security-Policy of the consent page lets its form redirect to the client',
    file: 'server/routes/authorize.ts',
    needs: ['password-once'],
    async probe(stage) {
      const browser = await logIn(stage)
      const requests = [
        [{}, stage.clientUrl],
        [OTHER_REQUEST, 'http://localhost:25009'],
      ] as const
      for (const [changes, origin] of requests) {
        const { headers } = await consentPage(stage, browser, changes)
        const policy = String(headers['content-security-policy'] ?? '').split(';')
        const targets = policy.map((one) => one.trim()).find((one) => /^form-action /.test(one))
        must(
          targets === undefined || targets.split(' ').includes(origin),
          `the policy has "${targets}", so a browser doesn't follow the redirect to ${origin} after Allow`,
        )
      }
    },
  },
  {
    id: 'consent-random',
    text: 'Each page has its own value, named consent, with at least 128 random bits',
    file: 'server/consent.ts',
    needs: ['password-once'],
    async probe(stage) {
      const browsers = [await logIn(stage), await logIn(stage)]
      const values: string[] = []
      for (const browser of [...browsers, ...browsers]) values.push(await newValue(stage, browser))
      expectRandom(values, 'value', 'two pages carry the same value')
    },
  },
  {
    id: 'allow',
    text: 'Allow gets a code, for this user and these scopes',
    file: 'server/routes/authorize.ts',
    needs: ['consent-random'],
    async probe(stage) {
      const cases = [
        ['user0', BOTH],
        ['user1', 'profile'],
        ['user1', undefined],
      ] as const
      for (const [user, scope] of cases) {
        const browser = await logIn(stage, user)
        const consent = await newValue(stage, browser, { scope })
        const page = await answer(stage, browser, { consent, decision: 'allow' }, { scope })
        const code = expectCode(stage, page, 'POST /consent with decision=allow')
        must(
          queryOf(page).get('state') === 'a-state',
          'the redirect with the code has lost the state',
        )
        const { status, body } = await stage.server.redeem(code)
        must(status === 200, `the code gets ${answered(status, body)} at POST /token`)
        const me = await stage.server.me(`Bearer ${body.access_token}`)
        must(
          me.body.user_id === user,
          `after ${user} allowed it, GET /api/me tells of ${me.body.user_id}`,
        )
        must(
          body.scope === (scope ?? 'profile'),
          `after Allow ${withScope(scope)}, the token response has ${shown(body.scope)}`,
        )
      }
      const browser = await logIn(stage)
      const consent = await newValue(stage, browser, OTHER_REQUEST)
      const page = await answer(stage, browser, { consent, decision: 'allow' }, OTHER_REQUEST)
      must(
        leadsTo(page, 'http://localhost:25009/callback') && queryOf(page).has('code'),
        `POST /consent of other-client with decision=allow: ${went(page)}`,
      )
    },
  },
  {
    id: 'asks-again',
    text: 'After Allow, the next request gets the consent page again',
    file: 'server/routes/authorize.ts',
    needs: ['allow'],
    async probe(stage) {
      const browser = await logIn(stage)
      const sent = { consent: await newValue(stage, browser), decision: 'allow' }
      expectCode(stage, await answer(stage, browser, sent), 'POST /consent with decision=allow')
      const page = await browser.open(stage.server.authorizeUrl())
      must(page.status === 200, `after an Allow, the same GET /authorize: ${went(page)}`)
      must(!hasPassword(page), 'after an Allow, the same GET /authorize asks for a password again')
    },
  },
  {
    id: 'deny',
    text: 'Deny gets a redirect with error=access_denied, and no code',
    file: 'server/routes/authorize.ts',
    needs: ['consent-random'],
    async probe(stage) {
      await expectDenied(stage, 'deny', 'with decision=deny')
    },
  },
  {
    id: 'decision-else',
    text: 'Everything but one decision=allow counts as a no: no decision, another value, two of them',
    file: 'server/routes/authorize.ts',
    needs: ['deny'],
    async probe(stage) {
      await expectDenied(stage, undefined, 'without a decision')
      for (const decision of ['', 'yes', 'ALLOW']) {
        await expectDenied(stage, decision, `with decision=${decision}`)
      }
      for (const pair of [
        ['allow', 'deny'],
        ['deny', 'allow'],
      ]) {
        await expectDenied(stage, pair, `with two decisions, ${pair.join(' and ')},`)
      }
    },
  },
  consentMissing,
  {
    id: 'consent-once',
    text: 'A value works once, for Allow or for Deny',
    file: 'server/consent.ts',
    needs: ['asks-again', 'consent-missing', 'deny'],
    async probe(stage) {
      const browser = await logIn(stage)
      for (const first of ['allow', 'deny']) {
        const consent = await newValue(stage, browser)
        await answer(stage, browser, { consent, decision: first })
        const again = await answer(stage, browser, { consent, decision: 'allow' })
        expectRefused(again, `Allow with a value that had decision=${first} before`)
      }
    },
  },
  {
    id: 'consent-session',
    text: 'A value works only in the session that got the page',
    file: 'server/consent.ts',
    needs: ['new-session-id', 'asks-again', 'consent-missing'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      const consent = await newValue(stage, browser)
      const sent = { consent, decision: 'allow' }
      const others = {
        "user1's value in user0's session": await logIn(stage, 'user0'),
        "user1's value in another session of user1": await logIn(stage, 'user1'),
        'a value in a browser that nobody logged in with': stage.browser(),
      }
      for (const [what, other] of Object.entries(others)) {
        expectRefused(await answer(stage, other, sent), what)
      }
      const page = await answer(stage, browser, sent)
      expectCode(stage, page, 'a value that another session tried before, in its own session,')

      const before = await newValue(stage, browser)
      await logIn(stage, 'user1', browser)
      expectRefused(
        await answer(stage, browser, { consent: before, decision: 'allow' }),
        'a value from before a new login',
      )
    },
  },
  {
    id: 'consent-request',
    text: 'A value works only for the request on the page: not with another scope, state, challenge or client',
    file: 'server/consent.ts',
    needs: ['consent-missing'],
    async probe(stage) {
      const browser = await logIn(stage)
      const others: Record<string, Fields> = {
        'for another scope': { scope: 'email' },
        'for more scopes': { scope: BOTH },
        'with another state': { state: 'another' },
        'without the state': { state: undefined },
        'with another code_challenge': { code_challenge: randomValue() },
        'of another client': OTHER_REQUEST,
      }
      for (const [what, changes] of Object.entries(others)) {
        const consent = await newValue(stage, browser, { scope: 'profile' })
        const request = { scope: 'profile', ...changes }
        const page = await answer(stage, browser, { consent, decision: 'allow' }, request)
        expectRefused(page, `the value of a page for profile, and a request ${what},`)
      }
    },
  },
  {
    id: 'consent-unused',
    text: 'A wrong value uses up nothing: the right one still works after it',
    file: 'server/consent.ts',
    needs: ['asks-again', 'consent-request'],
    async probe(stage) {
      const browser = await logIn(stage)
      const wrong = [
        ['a wrong value', { consent: randomValue() }, {}],
        ['a request for another scope', {}, { scope: 'email' }],
      ] as const
      for (const [what, form, changes] of wrong) {
        const sent = { consent: await newValue(stage, browser), decision: 'allow' }
        await answer(stage, browser, { ...sent, ...form }, changes)
        expectCode(stage, await answer(stage, browser, sent), `after ${what}, the right one`)
      }
    },
  },
  {
    id: 'consent-expires',
    text: 'A value lasts CODE_TTL seconds',
    on: 'short server',
    file: 'server/consent.ts',
    needs: ['asks-again', 'consent-missing'],
    async probe(stage) {
      const browser = await logIn(stage)
      const start = performance.now()
      const sent = { consent: await newValue(stage, browser), decision: 'allow' }
      const page = await answer(stage, browser, sent)
      // On a busy machine the value may have expired by now.
      if (performance.now() - start < 400) {
        expectCode(stage, page, 'with CODE_TTL=0.4, which is in seconds, a new value')
      }
      const consent = await newValue(stage, browser)
      await sleep(500)
      expectRefused(
        await answer(stage, browser, { consent, decision: 'allow' }),
        'half a second after the page came with CODE_TTL=0.4, its value',
      )
    },
  },
  {
    id: 'consent-newest',
    text: `A session keeps its newest ${MOST_PAGES} values, and no more`,
    file: 'server/consent.ts',
    needs: ['consent-session', 'consent-unused', 'consent-expires'],
    async probe(stage) {
      const [browser, other] = [await logIn(stage), await logIn(stage)]
      const values: string[] = []
      for (let pages = 0; pages < MOST_PAGES + 1; pages += 1) {
        values.push(await newValue(stage, browser))
      }
      for (let pages = 0; pages < MOST_PAGES; pages += 1) await newValue(stage, other)
      const [tooOld, oldest] = values
      const send = (consent = '') => answer(stage, browser, { consent, decision: 'allow' })
      expectRefused(await send(tooOld), `after ${MOST_PAGES} newer pages, a value`)
      expectCode(
        stage,
        await send(oldest),
        `after ${MOST_PAGES - 1} newer pages, and ${MOST_PAGES} of another session, a value`,
      )
      expectCode(stage, await send(values.at(-1)), 'the newest of many values')
    },
  },
  {
    id: 'foreign-login',
    text: "A form from another site can't log anyone in: POST /authorize gets a 400 page if Sec-Fetch-Site isn't same-origin",
    file: 'server/same-origin.ts',
    needs: ['password-once'],
    async probe(stage) {
      for (const [site, what] of Object.entries(FOREIGN)) {
        const browser = stage.browser()
        const page = await postPassword(stage, browser, {}, site)
        must(
          page.status === 400,
          `POST /authorize with ${siteHeader(site)}, ${what}: ${went(page)}`,
        )
        must(await asksPassword(stage, browser), `${what} gets a 400, but logs the browser in`)
      }
    },
  },
  {
    id: 'foreign-consent',
    text: "A form from another site can't allow anything: POST /consent gets a 400 page, and the value still works",
    file: 'server/same-origin.ts',
    needs: ['foreign-login', 'asks-again'],
    async probe(stage) {
      const browser = await logIn(stage)
      for (const [site, what] of Object.entries(FOREIGN)) {
        const sent = { consent: await newValue(stage, browser), decision: 'allow' }
        const page = await answer(stage, browser, sent, {}, site)
        expectRefused(page, `a right value with ${siteHeader(site)}, ${what},`)
        expectCode(
          stage,
          await answer(stage, browser, sent),
          `after ${what} sent the value, the same from the server's page`,
        )
      }
    },
  },
  {
    id: 'server-logout',
    text: 'POST /logout ends the session of this browser, and no other',
    file: 'server/routes/logout.ts',
    needs: ['password-once'],
    async probe(stage) {
      const [browser, other] = [await logIn(stage), await logIn(stage)]
      const cookie = await cookieOf(stage, browser)
      await logOut(stage, browser)
      must(
        await asksPassword(stage, browser),
        'after POST /logout, GET /authorize still asks for no password',
      )
      must(
        await asksPassword(stage, stage.browser(), cookie),
        'after POST /logout, the old cookie is still logged in: end the session, not only the cookie',
      )
      must(!(await asksPassword(stage, other)), 'POST /logout logs other browsers out, too')
    },
  },
  {
    id: 'logout-query',
    text: 'POST /logout redirects to /authorize with exactly the query that it got',
    file: 'server/routes/logout.ts',
    needs: ['server-logout'],
    async probe(stage) {
      const { serverUrl } = stage.server
      const { search } = new URL(stage.server.authorizeUrl({ state: STATE }))
      for (const query of [search, `${search}&extra=a+b%20c`, '']) {
        const what = query === '' ? 'without a query' : `with ${query}`
        for (const browser of [await logIn(stage), stage.browser()]) {
          const page = await logOut(stage, browser, query)
          must(
            page.location === `${serverUrl}/authorize${query}`,
            `POST /logout ${what} redirects to ${page.location}`,
          )
        }
      }
    },
  },
  {
    id: 'logout-get',
    text: 'GET /logout logs nobody out',
    file: 'server/routes/logout.ts',
    needs: ['server-logout'],
    async probe(stage) {
      const browser = await logIn(stage)
      await browser.open(`${stage.server.serverUrl}/logout`)
      must(
        !(await asksPassword(stage, browser)),
        'GET /logout ends the session: any page with an image of that URL could log you out',
      )
      await logOut(stage, browser)
    },
  },
  {
    id: 'foreign-logout',
    text: "A form from another site can't log anyone out",
    file: 'server/same-origin.ts',
    needs: ['server-logout', 'foreign-consent'],
    async probe(stage) {
      const browser = await logIn(stage)
      for (const [site, what] of Object.entries(FOREIGN)) {
        const headers = { 'sec-fetch-site': site }
        const url = `${stage.server.serverUrl}/logout`
        const page = await browser.open(url, { method: 'POST', headers })
        must(page.status === 400, `POST /logout with ${siteHeader(site)}, ${what}: ${went(page)}`)
        must(!(await asksPassword(stage, browser)), `${what} gets a 400, but logs the browser out`)
      }
    },
  },
  {
    id: 'not-you',
    text: 'The consent page has a form that posts to /logout with the query of the request',
    file: 'server/views/consent.eta',
    needs: ['server-logout', 'consent-page'],
    async probe(stage) {
      const browser = await logIn(stage)
      const changes = { scope: BOTH, state: STATE }
      const form = formTo('/logout', await consentPage(stage, browser, changes))
      expectSameQuery(stage, form.action, changes, 'the form posts to /logout')
    },
  },
  {
    id: 'together',
    text: 'Everything together: after a login and a logout at the client, the next login needs no password, and "Not you?" lets someone else log in',
    on: 'both',
    file: 'server/routes/logout.ts',
    async probe(stage) {
      const browser = stage.browser()
      const profile = await stage.loginAtServer(browser, 'user1')
      must(textOf(profile).includes('User Number 1'), "the final page doesn't show the user name")
      await browser.open(`${stage.clientUrl}/logout`, { method: 'POST' })
      const consent = await browser.visit(`${stage.clientUrl}/login`)
      must(
        consent.status === 200 && !hasPassword(consent),
        'after a logout at the client, the next login asks for a password',
      )
      const { action } = formTo('/logout', consent)
      const login = await browser.follow(await browser.open(action, { method: 'POST' }))
      const end = await browser.follow(await browser.answerForms(login, credentials('user0')))
      must(
        textOf(end).includes('User Number 0'),
        `after "Not you?" and a login as user0, ${new URL(end.url).pathname} returns ${end.status} without the user name`,
      )
    },
  },
]

/** Sends the login form. Follows no redirect. */
function postPassword(
  { server }: Stage,
  browser: Browser,
  changes: Fields = {},
  site?: string,
  user = 'user0',
): Promise<Page> {
  const body = credentials(user)
  const headers = { 'sec-fetch-site': site }
  return browser.open(server.authorizeUrl(changes), { method: 'POST', body, headers })
}

/** A browser that is logged in at the server. */
export async function logIn(
  stage: Stage,
  user = 'user0',
  browser = stage.browser(),
  changes: Fields = {},
): Promise<Browser> {
  const page = await postPassword(stage, browser, changes, undefined, user)
  const request = 'POST /authorize with the right password'
  must(!queryOf(page).has('code'), `${request} returns a code: nobody was asked yet`)
  must(page.status === 303, `${request}: ${went(page)}`)
  const path = new URL(page.location ?? '').pathname
  must(path === '/authorize', `${request} redirects to ${path}`)
  expectSameQuery(stage, page.location ?? '', changes, `${request} redirects to /authorize`)
  return browser
}

/** What someone who is logged in gets for an authorization request. */
export async function consentPage(
  stage: Stage,
  browser: Browser,
  changes: Fields = {},
): Promise<Page> {
  const page = await browser.open(stage.server.authorizeUrl(changes))
  const request = 'GET /authorize of someone who is logged in'
  must(!queryOf(page).has('code'), `${request} returns a code: nobody was asked`)
  must(page.status === 200, `${request}: ${went(page)}`)
  must(!hasPassword(page), `${request} asks for a password again`)
  return page
}

/** The value on a new consent page. */
export async function newValue(
  stage: Stage,
  browser: Browser,
  changes: Fields = {},
): Promise<string> {
  const page = await consentPage(stage, browser, changes)
  const value = html(page).querySelector('input[name=consent]')?.getAttribute('value')
  must(value, 'the page has no <input type="hidden" name="consent"> with a value')
  return value
}

/** Answers a consent page, with anything as the form. Follows no redirect. */
export async function answer(
  { server }: Stage,
  browser: Browser,
  body: FormFields,
  changes: Fields = {},
  site?: string,
): Promise<Page> {
  const url = server.authorizeUrl(changes).replace('/authorize?', '/consent?')
  const headers = { 'sec-fetch-site': site }
  const page = await browser.open(url, { method: 'POST', body, headers })
  must(page.status !== 404, 'the server has no POST /consent', 'server/routes/authorize.ts')
  return page
}

/** Posts a logout. */
async function logOut({ server }: Stage, browser: Browser, query = ''): Promise<Page> {
  const page = await browser.open(`${server.serverUrl}/logout${query}`, { method: 'POST' })
  must(page.status !== 404, 'the server has no POST /logout')
  must(page.status === 303, `POST /logout: ${went(page)}`)
  return page
}

/** Whether a browser, or someone who has only a cookie, gets the login page. */
async function asksPassword({ server }: Stage, browser: Browser, cookie?: string) {
  return hasPassword(await browser.open(server.authorizeUrl(), { headers: { cookie } }))
}

export function cookieOf({ server }: Stage, browser: Browser): Promise<string> {
  return browser.jar.getCookieString(server.serverUrl)
}

/** @throws {NotYet} unless a page has a form that posts to this path */
function formTo(path: string, page: Page): Form {
  const form = formsOn(page).find(({ action }) => new URL(action).pathname === path)
  must(form, `the page has no form with action="${path}..."`)
  must(form.method === 'POST', `the form with action="${path}..." doesn't use method="post"`)
  return form
}

/** @throws {NotYet} unless a URL has the query of an authorization request */
function expectSameQuery({ server }: Stage, url: string, changes: Fields, what: string): void {
  const [got, expected] = [new URL(url), new URL(server.authorizeUrl(changes))]
  const query = got.search === '' ? 'without a query' : `with ${got.search}`
  must(
    `${got.searchParams}` === `${expected.searchParams}`,
    `${what} ${query}, not with the query of the request`,
  )
}

/** @throws {NotYet} unless an answer to a consent page gets a code */
export function expectCode({ redirectUri }: Stage, page: Page, what: string): string {
  const code = queryOf(page).get('code')
  must(leadsTo(page, redirectUri) && code, `${what} gets no code: ${went(page)}`)
  return code
}

/** @throws {NotYet} unless an answer to a consent page gets a 400 page */
export function expectRefused(page: Page, what: string): void {
  must(!queryOf(page).has('code'), `${what} gets a code`)
  must(page.status === 400, `${what} gets no 400 page: ${went(page)}`)
}

/** @throws {NotYet} unless an answer with this decision counts as a no */
async function expectDenied(
  stage: Stage,
  decision: FormFields[string],
  what: string,
): Promise<void> {
  const browser = await logIn(stage)
  const consent = await newValue(stage, browser)
  const page = await answer(stage, browser, { consent, decision })
  expectError(page, stage.redirectUri, `POST /consent ${what}`, 'access_denied')
}

function siteHeader(site: string): string {
  return `Sec-Fetch-Site: ${site}`
}
