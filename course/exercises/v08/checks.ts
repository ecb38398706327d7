import { type Browser, html, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { credentials, type Fields } from '@oauth-lab/shared/testing/driver.ts'
import { formsOn } from '@oauth-lab/shared/testing/forms.ts'
import { answered, hasLinkTo, must, queryOf, type Stage, textOf } from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { randomValue, tokenIn, tokenRefused, USER } from '../stand-in.ts'
import { stateStill } from '../v03/checks.ts'
import { freshSession, isShut } from '../v04/checks.ts'
import {
  asksProfile,
  BOTH,
  email403,
  expectError,
  keepsTokens,
  OTHER_REQUEST,
  openEmail,
  shown,
  went,
  withScope,
} from '../v06/checks.ts'
import {
  answer,
  consentMissing,
  consentPage,
  expectCode,
  expectRefused,
  logIn,
  newValue,
  refusedStill,
} from '../v07/checks.ts'

const FOR_EMAIL = '/login?for=email'
/** Values of `for` that mean nothing. */
const OTHER_FORS = [
  '',
  'profile',
  'EMAIL',
  'email ',
  'admin',
  '/email',
  'https://evil.example/',
  '//evil.example',
]
/** Names that a way back might be read from. */
const ADDRESSES = ['wayBack', 'way_back', 'next', 'return_to', 'returnTo', 'redirect', 'url']
const EVIL = 'https://evil.example/'

export const settings: CheckSettings = { scopes: ['profile', 'email'] }

// The server remembers what was allowed, so the order of its checks matters. user0 allows profile first,
// and then email; user1 the other way round. The other client never gets a yes.
export const sentences: Sentence[] = [
  refusedStill,
  { ...consentMissing, needs: [] },
  {
    id: 'deny',
    text: 'Deny gets error=access_denied, and nothing is remembered: the next request gets the page again',
    file: 'server/routes/authorize.ts',
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      const page = await consentPage(stage, browser, OTHER_REQUEST)
      const denied = await browser.submit(page, {}, 'deny')
      const request = 'POST /consent with decision=deny'
      expectError(denied, OTHER_REQUEST.redirect_uri, request, 'access_denied')
      await expectAsked(stage, browser, OTHER_REQUEST, 'after a Deny')
    },
  },
  {
    id: 'no-page',
    text: 'After an Allow, the same request gets a code without a page',
    file: 'server/routes/authorize.ts',
    async probe(stage) {
      const browser = await logIn(stage)
      await allowAll(stage, browser, 'profile')
      for (const changes of [{ scope: 'profile', state: 'another' }, { scope: undefined }]) {
        const page = await openWithoutPage(stage, browser, changes, 'after an Allow for profile')
        must(
          queryOf(page).get('state') === (changes.state ?? 'a-state'),
          'the redirect with the code has lost the state',
        )
        const scope = await tokenScope(stage, page, 'a request that was allowed before')
        must(scope === 'profile', `the token response has ${shown(scope)}, not profile`)
      }
    },
  },
  {
    id: 'other-session',
    text: 'Another session of the same user gets it, too',
    file: 'server/store.ts',
    needs: ['no-page'],
    async probe(stage) {
      const when = 'after an Allow for profile in another browser'
      await openWithoutPage(stage, await logIn(stage), { scope: 'profile' }, when)
    },
  },
  {
    id: 'deny-forgets-nothing',
    text: 'A later Deny forgets nothing',
    file: 'server/routes/authorize.ts',
    needs: ['other-session', 'more-asks'],
    async probe(stage) {
      const browser = await logIn(stage)
      await browser.submit(await consentPage(stage, browser, { scope: BOTH }), {}, 'deny')
      const when = 'after an Allow for profile, and then a Deny for more'
      await openWithoutPage(stage, browser, { scope: 'profile' }, when)
    },
  },
  {
    id: 'other-user',
    text: 'What one user allowed a client, another user is still asked for',
    file: 'server/store.ts',
    async probe(stage) {
      await allowAll(stage, await logIn(stage, 'user0'), 'profile')
      const browser = await logIn(stage, 'user1')
      await expectAsked(stage, browser, {}, 'after user0 allowed it, for user1')
    },
  },
  {
    id: 'other-client',
    text: 'What a user allowed one client, the user is still asked for by another client',
    file: 'server/store.ts',
    async probe(stage) {
      const browser = await logIn(stage, 'user0')
      await allowAll(stage, browser, 'profile')
      const when = 'after an Allow for lab-client, for other-client'
      await expectAsked(stage, browser, OTHER_REQUEST, when)
    },
  },
  {
    id: 'more-asks',
    text: 'A request for more than was allowed before gets the page',
    file: 'server/routes/authorize.ts',
    needs: ['deny'],
    async probe(stage) {
      const browser = await logIn(stage)
      await allowAll(stage, browser, 'profile')
      for (const scope of [BOTH, 'email']) {
        await expectAsked(stage, browser, { scope }, 'after an Allow for profile alone')
      }
    },
  },
  {
    id: 'adds-up',
    text: 'A new yes adds to the old ones: profile one time and email another time are enough for both',
    file: 'server/routes/authorize.ts',
    needs: ['no-page'],
    async probe(stage) {
      const browser = await logIn(stage)
      for (const scope of ['profile', 'email']) await allowAll(stage, browser, scope)
      const when = 'after an Allow for profile, and another one for email'
      const page = await openWithoutPage(stage, browser, { scope: BOTH }, when)
      const got = String(await tokenScope(stage, page, `${when}, a request for both`))
      must(sorted(got) === sorted(BOTH), `${when}, a request for both leads to ${shown(got)}`)
    },
  },
  {
    id: 'boxes',
    text: 'The consent page has a ticked checkbox for each requested scope that is new',
    file: 'server/views/consent.eta',
    needs: ['other-user'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      for (const scope of ['email profile', 'profile', 'email', undefined]) {
        const page = await consentPage(stage, browser, { scope })
        const boxes = boxesOn(page)
        const when = `nothing was allowed before, and ${withScope(scope)}`
        for (const name of (scope ?? 'profile').split(' ')) {
          const box = boxes.find(({ value }) => value === name)
          must(box, `${when}, the page has no <input type="checkbox" name="scope" value="${name}">`)
          must(box.isTicked, `${when}, the checkbox of ${name} isn't ticked`)
        }
        const more = boxes.find(({ value }) => !(scope ?? 'profile').includes(value))
        must(!more, `${when}, the page has a checkbox for ${more?.value}`)
      }
      const page = await consentPage(stage, browser, { scope: BOTH })
      const form = formsOn(page).find(({ action }) => new URL(action).pathname === '/consent')
      must(
        form?.values.scope?.length === 2,
        "the checkboxes aren't in the form that posts to /consent",
      )
    },
  },
  {
    id: 'nothing-ticked',
    text: 'Allow with nothing ticked, and nothing allowed before, gets access_denied',
    file: 'server/routes/authorize.ts',
    needs: ['other-session', 'more-asks', 'boxes'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      for (const ticked of [[], ['']]) {
        const page = await allow(stage, browser, BOTH, ticked)
        const request = 'Allow with nothing ticked'
        expectError(page, stage.redirectUri, request, 'access_denied')
      }
      await expectAsked(stage, browser, { scope: BOTH }, 'after an Allow with nothing ticked')
    },
  },
  {
    id: 'not-requested',
    text: "A ticked scope that wasn't requested gets a 400 page, and allows nothing",
    file: 'server/routes/authorize.ts',
    needs: ['nothing-ticked'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      for (const ticked of [['email'], ['profile', 'email'], ['admin'], ['profile email']]) {
        const page = await allow(stage, browser, 'profile', ticked)
        const boxes = ticked.map((scope) => `scope=${scope}`).join(' and ')
        must(
          ticked.length === 1 || !queryOf(page).has('error'),
          `Allow with ${boxes} counts as a no: each ticked box comes as a scope of its own, and valuesOf returns them all`,
        )
        const what = `Allow with ${boxes}, when profile was requested,`
        expectRefused(page, what)
        for (const scope of ['profile', 'email']) {
          await expectAsked(stage, browser, { scope }, `after ${what} and its 400 page`)
        }
      }
    },
  },
  {
    id: 'part-of-yes',
    text: 'Allow gets a code for the ticked scopes alone',
    file: 'server/routes/authorize.ts',
    needs: ['not-requested'],
    async probe(stage) {
      const page = await allow(stage, await logIn(stage, 'user1'), BOTH, ['email'])
      const scope = await tokenScope(stage, page, 'Allow with email ticked, and profile not,')
      must(
        scope === 'email',
        `after Allow with email ticked, and profile not, the token response has ${shown(scope)}`,
      )
    },
  },
  {
    id: 'part-remembered',
    text: 'Only the ticked scopes are remembered: the next request asks for the others again',
    file: 'server/routes/authorize.ts',
    needs: ['part-of-yes'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      const when = 'after Allow with email ticked, and profile not'
      await openWithoutPage(stage, browser, { scope: 'email' }, when)
      const page = await expectAsked(stage, browser, { scope: BOTH }, when)
      must(
        boxesOn(page).some(({ value }) => value === 'profile'),
        `${when}, the page has no checkbox for profile`,
        'server/views/consent.eta',
      )
    },
  },
  {
    id: 'allowed-before',
    text: 'What was allowed before is listed without a box',
    file: 'server/views/consent.eta',
    needs: ['part-remembered'],
    async probe(stage) {
      const page = await consentPage(stage, await logIn(stage, 'user1'), { scope: BOTH })
      must(boxesOn(page).length > 0, 'the page has no checkboxes')
      must(
        !boxesOn(page).some(({ value }) => value === 'email'),
        'the page has a checkbox for email, which was allowed before: unticking it would change nothing',
      )
      must(
        /\bemail\b/.test(textOf(page)),
        "the page doesn't name email, which the client gets all the same",
      )
    },
  },
  {
    id: 'nothing-new',
    text: 'Allow with nothing ticked grants only what was requested and allowed before',
    file: 'server/routes/authorize.ts',
    needs: ['part-remembered'],
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      const what = 'with email allowed before, and nothing ticked, Allow'
      const page = await allow(stage, browser, BOTH, [])
      const scope = await tokenScope(stage, page, `${what} for both`)
      must(scope === 'email', `${what} for both leads to a token response with ${shown(scope)}`)
      const none = await allow(stage, browser, 'profile', [])
      expectError(none, stage.redirectUri, `${what} for profile`, 'access_denied')
    },
  },
  {
    id: 'request-order',
    text: 'The scopes keep the order of the request, and one that is ticked twice counts once',
    file: 'server/routes/authorize.ts',
    needs: ['nothing-new'],
    async probe(stage) {
      const scope = 'profile email'
      const browser = await logIn(stage, 'user1')
      must(
        boxesOn(await consentPage(stage, browser, { scope })).length > 0,
        'the page has no checkboxes',
        'server/views/consent.eta',
      )
      const page = await allow(stage, browser, scope, ['email', 'profile', 'profile'])
      const what = `with email allowed before, and scope=${scope}, Allow with email ticked, and profile twice,`
      const got = await tokenScope(stage, page, what)
      must(got === scope, `${what} leads to a token response with ${shown(got)}`)
    },
  },
  {
    id: 'only-requested',
    text: 'A code is only for what was requested, whatever was allowed before',
    file: 'server/routes/authorize.ts',
    async probe(stage) {
      const browser = await logIn(stage, 'user1')
      await allowAll(stage, browser, BOTH)
      for (const scope of ['profile', 'email']) {
        const got = await allowAll(stage, browser, scope)
        must(
          got === scope,
          `after an Allow for both, a request for ${scope} leads to a token response with ${shown(got)}`,
        )
      }
    },
  },
  { ...asksProfile, text: 'Without a login, GET /login asks for scope=profile and nothing more' },
  {
    id: 'asks-covered',
    text: "GET /login asks for profile and what the session's token covers, as the token response says",
    file: 'client/routes/login.ts',
    needs: ['asks-profile'],
    async probe(stage) {
      for (const scope of [BOTH, 'email', 'profile']) {
        const browser = await logInWithScope(stage, scope)
        const asked = await askedScope(stage, browser)
        must(
          asked === sorted(`profile ${scope}`),
          `after a token response with scope "${scope}", GET /login asks for ${asked}`,
        )
      }
    },
  },
  {
    id: 'scope-left-out',
    text: 'A token response without a scope means that the token covers what was asked for',
    file: 'client/routes/callback.ts',
    needs: ['asks-covered'],
    async probe(stage) {
      const browser = await logInWithScope(stage, BOTH)
      stage.standIn.onToken = () => stage.standIn.tokens({ scope: undefined })
      await stage.login(browser)
      const asked = await askedScope(stage, browser)
      must(
        asked === sorted(BOTH),
        `after a login that asked for ${BOTH}, and a token response without a scope, GET /login asks for ${asked}`,
      )
    },
  },
  {
    id: 'scope-of-refresh',
    text: 'The response to a refresh says it anew; without a scope nothing changes',
    file: 'client/token-manager.ts',
    needs: ['asks-covered'],
    async probe(stage) {
      const { standIn } = stage
      for (const [scope, expected] of [
        ['profile', 'profile'],
        [undefined, sorted(BOTH)],
      ] as const) {
        const browser = await logInWithScope(stage, BOTH)
        const old = standIn.issued.at(-1)?.access_token
        standIn.onResource = (authorization, path) =>
          tokenIn(authorization) === old ? tokenRefused() : standIn.user(authorization, path)
        standIn.onToken = () => standIn.tokens({ scope })
        await browser.open(`${stage.clientUrl}/profile`)
        const asked = await askedScope(stage, browser)
        must(
          asked === expected,
          `after a login for ${BOTH}, and a response to a refresh with ${shown(scope)}, GET /login asks for ${asked}`,
        )
      }
    },
  },
  {
    id: 'forgets-at-403',
    text: "After a 403 of /api/email, GET /login doesn't ask for email any more",
    file: 'client/api.ts',
    needs: ['asks-covered'],
    async probe(stage) {
      const browser = await logInWithScope(stage, BOTH)
      for (const [when, expected] of [
        ['', sorted(BOTH)],
        [', and then a 403 of /api/email', 'profile'],
      ] as const) {
        const asked = await askedScope(stage, browser)
        must(
          asked === expected,
          `after a token response with scope "${BOTH}"${when}, GET /login asks for ${asked}`,
        )
        await openEmail(stage, browser)
      }
    },
  },
  {
    id: 'scope-nonsense',
    text: 'A token response whose scope is empty, or no string, gets 502',
    file: 'client/token-request.ts',
    async probe(stage) {
      for (const scope of ['', 7, ['profile']]) {
        stage.standIn.onToken = () => stage.standIn.tokens({ scope })
        const browser = stage.browser()
        const { status } = await finish(stage, browser, await stage.begin(browser))
        must(
          status === 502,
          `when the token response has ${shown(scope)}, GET /callback returns ${status}`,
        )
      }
    },
  },
  {
    id: 'for-email-first',
    text: 'GET /login?for=email asks for profile and email when nobody is logged in',
    file: 'client/routes/login.ts',
    needs: ['asks-profile'],
    async probe(stage) {
      const asked = await askedScope(stage, stage.browser(), FOR_EMAIL)
      must(asked === sorted(BOTH), `without a login, GET ${FOR_EMAIL} asks for ${asked}`)
    },
  },
  {
    id: 'for-else',
    text: 'Any other value of for counts as none: the login asks for profile, and leads to /profile',
    file: 'client/routes/login.ts',
    needs: ['asks-profile'],
    async probe(stage) {
      const queries = OTHER_FORS.map((value) => `?for=${encodeURIComponent(value)}`)
      for (const query of ['', '?for=email&for=email', ...queries]) {
        const browser = stage.browser()
        const path = `/login${query}`
        const sent = await stage.begin(browser, path)
        must(
          sent.get('scope') === 'profile',
          `GET ${path} asks for scope ${JSON.stringify(sent.get('scope'))}`,
        )
        const end = leadsOn(await finish(stage, browser, sent))
        must(
          end === `${stage.clientUrl}/profile`,
          `a login from ${path} leads to ${end}`,
          query === '' ? 'client/routes/callback.ts' : undefined,
        )
      }
    },
  },
  { ...email403, needs: ['asks-profile'] },
  { ...keepsTokens, needs: ['asks-profile'] },
  {
    id: 'email-link',
    text: 'The 403 page of GET /email links to /login?for=email',
    file: 'client/api.ts',
    needs: ['email-403'],
    async probe(stage) {
      const browser = stage.browser()
      await stage.login(browser)
      expectLink(await openEmail(stage, browser), FOR_EMAIL, 'the 403 page of GET /email')
    },
  },
  {
    id: 'email-unticked',
    text: 'A no to email is taken, whatever an earlier token covered: GET /login asks for profile alone, and GET /email returns 403 again',
    file: 'client/routes/callback.ts',
    needs: ['asks-covered', 'for-email-first', 'email-403'],
    async probe(stage) {
      for (const [browser, path] of [
        [stage.browser(), FOR_EMAIL],
        [await logInWithScope(stage, BOTH), '/login'],
      ] as const) {
        stage.standIn.allows = ['profile']
        const sent = await stage.begin(browser, path)
        must(sent.get('scope') !== 'profile', `GET ${path} asks for profile alone`)
        await finish(stage, browser, sent)
        const after = `after a login from ${path} for which the user allows profile alone,`
        const next = await askedScope(stage, browser)
        must(next === 'profile', `${after} GET /login asks for ${next}`)
        const page = await openEmail(stage, browser)
        must(page.status === 403, `${after} GET /email: ${went(page)}`, 'client/api.ts')
      }
    },
  },
  {
    id: 'for-email',
    text: 'After a login, it asks for what the token covers, and email',
    file: 'client/routes/login.ts',
    needs: ['email-unticked'],
    async probe(stage) {
      for (const scope of ['profile', 'email', BOTH]) {
        const browser = await logInWithScope(stage, scope)
        const asked = await askedScope(stage, browser, FOR_EMAIL)
        const expected = sorted(`${scope} email`)
        must(
          asked === expected,
          `after a token response with scope "${scope}", GET ${FOR_EMAIL} asks for ${asked}, not ${expected}`,
        )
      }
    },
  },
  {
    id: 'way-back',
    text: 'A login from /login?for=email leads to /email',
    file: 'client/routes/callback.ts',
    needs: ['for-else'],
    async probe(stage) {
      const browser = stage.browser()
      for (const when of ['', 'after another login, ']) {
        const sent = await stage.begin(browser, FOR_EMAIL)
        expectWayBack(stage, await finish(stage, browser, sent), '/email', when)
      }
    },
  },
  {
    id: 'way-back-newest',
    text: 'Each login has a way back of its own: an earlier one in the same browser changes nothing',
    file: 'client/routes/callback.ts',
    needs: ['way-back'],
    async probe(stage) {
      const browser = stage.browser()
      await stage.begin(browser, FOR_EMAIL)
      const plain = await finish(stage, browser, await stage.begin(browser))
      const other = `after one from ${FOR_EMAIL} that never came back, `
      expectWayBack(stage, plain, '/profile', other, '/login')
      await stage.begin(browser)
      const sent = await stage.begin(browser, FOR_EMAIL)
      const after = 'after one from /login that never came back, '
      expectWayBack(stage, await finish(stage, browser, sent), '/email', after)
      const last = await finish(stage, browser, await stage.begin(browser))
      expectWayBack(stage, last, '/profile', `after one from ${FOR_EMAIL}, `, '/login')
    },
  },
  {
    id: 'no-address',
    text: 'Nothing else in the query of /login, and nothing in that of /callback, changes the way back',
    file: 'client/routes/callback.ts',
    needs: ['way-back'],
    async probe(stage) {
      for (const [path, end] of [
        [FOR_EMAIL, '/email'],
        ['/login?', '/profile'],
      ] as const) {
        for (const name of ADDRESSES) {
          const browser = stage.browser()
          const sent = await stage.begin(browser, `${path}&${name}=${encodeURIComponent(EVIL)}`)
          const page = await finish(stage, browser, sent)
          const when = `with ${name}=${EVIL} in the query, `
          expectWayBack(stage, page, end, when, path, 'client/routes/login.ts')
        }
        for (const value of [EVIL, 'email', 'profile']) {
          const browser = stage.browser()
          const sent = await stage.begin(browser, path)
          const more = Object.fromEntries(['for', ...ADDRESSES].map((name) => [name, value]))
          const page = await finish(stage, browser, sent, more)
          const when = `with for=${value} and next=${value} in the query of /callback, `
          expectWayBack(stage, page, end, when, path)
        }
      }
    },
  },
  {
    id: 'denied-keeps',
    text: 'After access_denied, a user who was logged in still is, with the same tokens',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const browser = stage.browser()
      await stage.login(browser)
      const before = stage.standIn.tokenRequests.length
      const { state } = await stage.begin(browser, FOR_EMAIL)
      const { status } = await stage.bring(browser, { error: 'access_denied', state })
      must(status === 400, `a response with error=access_denied gets ${status}`)
      const profile = await browser.open(`${stage.clientUrl}/profile`)
      must(
        profile.status === 200,
        `after access_denied, GET /profile returns ${profile.status} for someone who was logged in`,
      )
      must(
        stage.standIn.tokenRequests.length === before,
        'after access_denied, the client sends a token request',
      )
    },
  },
  {
    id: 'me-nonsense',
    text: 'When the response of /api/me makes no sense, GET /profile and GET / return 502',
    file: 'client/api.ts',
    async probe(stage) {
      const browser = stage.browser()
      await stage.login(browser)
      const nonsense = [
        { status: 200, body: {} },
        { status: 404, body: { error: 'not_found' } },
        { status: 500, body: USER },
      ]
      for (const answer of nonsense) {
        stage.standIn.onResource = () => answer
        for (const path of ['/profile', '/']) {
          const { status } = await browser.open(stage.clientUrl + path)
          must(
            status === 502,
            `when /api/me returns ${answer.status} with ${JSON.stringify(answer.body)}, GET ${path} returns ${status}`,
          )
        }
      }
    },
  },
  {
    id: 'api-decides',
    text: 'The client calls the API whatever the token response says, and shows what the API returns',
    file: 'client/api.ts',
    async probe(stage) {
      for (const [scope, path, expected] of [
        ['email', '/profile', USER.username],
        ['email', '/', USER.username],
        ['profile', '/email', USER.email],
      ] as const) {
        const browser = stage.browser()
        stage.standIn.onToken = () => stage.standIn.tokens({ scope })
        stage.standIn.onResource = () => ({ status: 200, body: USER })
        await stage.login(browser)
        const page = await browser.open(stage.clientUrl + path)
        must(
          page.status === 200 && textOf(page).includes(expected),
          `after a token response with scope "${scope}", GET ${path} doesn't show what the API returns: ${went(page)}`,
        )
      }
    },
  },
  {
    id: 'profile-403',
    text: 'With a token without profile, GET /profile returns a 403 page with a link to /login, and redirects nowhere',
    file: 'client/routes/profile.ts',
    needs: ['for-email-first'],
    async probe(stage) {
      await expectProfileMissing(stage, await logInForEmail(stage), '/profile')
    },
  },
  {
    id: 'home-403',
    text: 'So does GET /',
    file: 'client/routes/home.ts',
    needs: ['for-email-first'],
    async probe(stage) {
      await expectProfileMissing(stage, await logInForEmail(stage), '/')
    },
  },
  {
    id: 'email-still',
    text: 'The token is kept: GET /email still shows the email address, and GET /login asks for profile and email',
    file: 'client/api.ts',
    needs: ['forgets-at-403', 'for-email', 'profile-403', 'home-403'],
    async probe(stage) {
      const browser = await logInForEmail(stage)
      for (const path of ['/profile', '/']) {
        await expectProfileMissing(stage, browser, path)
        const page = await openEmail(stage, browser)
        must(
          page.status === 200 && textOf(page).includes(USER.email),
          `after the 403 of GET ${path}, GET /email doesn't show the email address: ${went(page)}`,
        )
      }
      const asked = await askedScope(stage, browser)
      must(asked === sorted(BOTH), `after the 403 pages, GET /login asks for ${asked}`)
      const misled = await logInWithScope(stage, BOTH)
      await expectProfileMissing(stage, misled, '/profile')
      const covered = await askedScope(stage, misled, FOR_EMAIL)
      must(
        covered === 'email',
        `after a token response with scope "${BOTH}", and a 403 of /api/me, GET ${FOR_EMAIL} asks for ${covered}`,
      )
    },
  },
  {
    id: 'logout-without-profile',
    text: 'Both 403 pages have a link to /email and a form that logs out',
    file: 'client/views/profile.eta',
    needs: ['profile-403', 'home-403'],
    async probe(stage) {
      for (const [path, file] of [
        ['/profile', undefined],
        ['/', 'client/routes/home.ts'],
      ] as const) {
        const browser = await logInForEmail(stage)
        const page = await expectProfileMissing(stage, browser, path)
        const what = `the 403 page of GET ${path}`
        const form = formsOn(page).find(({ action }) => new URL(action).pathname === '/logout')
        must(form?.method === 'POST', `${what} has no form that posts to /logout`, file)
        expectLink(page, '/email', what, file)
        await browser.open(form.action, { method: 'POST' })
        const { status } = await openEmail(stage, browser)
        must(isShut(status), `after the logout, GET /email returns ${status}`, file)
      }
    },
  },
  freshSession,
  stateStill,
  {
    id: 'together',
    text: 'Everything together: a login, a 403 at /email, whose link leads to the email address, and a 403 at /profile with a token for email alone',
    on: 'both',
    file: 'client/routes/login.ts',
    async probe(stage) {
      const browser = stage.browser()
      const profile = await stage.loginAtServer(browser, 'user1')
      must(textOf(profile).includes('User Number 1'), "the final page doesn't show the user name")
      const refused = await openEmail(stage, browser)
      must(refused.status === 403, `after a login for profile, GET /email: ${went(refused)}`)
      const link = expectLink(refused, FOR_EMAIL, 'the 403 page of GET /email')
      const consent = await browser.visit(link)
      const end = await browser.follow(await browser.answerForms(consent, credentials('user1')))
      must(
        end.status === 200 && textOf(end).includes('user1@oauth-lab.me'),
        `the link on the 403 page ends at ${new URL(end.url).pathname}, which returns ${end.status} without the email address`,
      )

      const less = new URL((await browser.open(link)).location ?? link)
      less.searchParams.set('scope', 'email')
      const { status } = await browser.follow(
        await browser.answerForms(await browser.visit(less.href), { scope: ['email'] }),
      )
      must(status === 200, `after a login for email alone, GET /email returns ${status}`)
      await expectProfileMissing(stage, browser, '/profile')
    },
  },
]

/** @throws {NotYet} unless someone who is logged in gets a consent page */
async function expectAsked(
  stage: Stage,
  browser: Browser,
  changes: Fields,
  when: string,
): Promise<Page> {
  const page = await browser.open(stage.server.authorizeUrl(changes))
  const request = `GET /authorize ${withScope(changes.scope)}`
  must(!queryOf(page).has('code'), `${when}, ${request} gets a code: nobody was asked`)
  must(page.status === 200, `${when}, ${request}: ${went(page)}`)
  return page
}

/** @throws {NotYet} if someone who is logged in gets a page */
async function openWithoutPage(
  stage: Stage,
  browser: Browser,
  changes: Fields,
  when: string,
): Promise<Page> {
  const page = await browser.open(stage.server.authorizeUrl(changes))
  const request = `GET /authorize ${withScope(changes.scope)}`
  must(page.status !== 200, `${when}, ${request} still shows a page, with nothing left to ask`)
  expectCode(stage, page, `${when}, ${request}`)
  return page
}

/** The scope of a token, after someone ticks and allows all that a page asks for, if one comes. */
async function allowAll(stage: Stage, browser: Browser, scope: string): Promise<unknown> {
  const start = await browser.open(stage.server.authorizeUrl({ scope }))
  const page = await browser.answerForms(start, { scope: scope.split(' ') })
  return tokenScope(stage, page, `Allow for scope=${scope}`)
}

/** Asks for a scope, and answers the page with Allow and these boxes ticked. */
async function allow(
  stage: Stage,
  browser: Browser,
  scope: string,
  ticked: string[],
): Promise<Page> {
  const consent = await newValue(stage, browser, { scope })
  return answer(stage, browser, { consent, decision: 'allow', scope: ticked }, { scope })
}

/** The scope of the token for the code in a redirect. */
async function tokenScope(stage: Stage, page: Page, what: string): Promise<unknown> {
  const { status, body } = await stage.server.redeem(expectCode(stage, page, what))
  must(status === 200, `${what} gets a code that gets ${answered(status, body)} at POST /token`)
  return body.scope
}

/** The checkboxes for scopes on a consent page. */
function boxesOn(page: Page): { value: string; isTicked: boolean }[] {
  return html(page)
    .querySelectorAll('input[type=checkbox][name=scope]')
    .map((box) => {
      return { value: box.getAttribute('value') ?? '', isTicked: box.hasAttribute('checked') }
    })
}

/** A browser that is logged in at the client, with a token response that has this scope. */
async function logInWithScope(stage: Stage, scope: string): Promise<Browser> {
  const browser = stage.browser()
  stage.standIn.onToken = () => stage.standIn.tokens({ scope })
  await stage.login(browser)
  stage.standIn.onToken = () => stage.standIn.tokens()
  return browser
}

/** A browser that is logged in at the client, by someone who allowed email alone. */
async function logInForEmail(stage: Stage): Promise<Browser> {
  const browser = stage.browser()
  stage.standIn.allows = ['email']
  await stage.login(browser, FOR_EMAIL)
  return browser
}

/** The scope that the client asks for at one of its addresses, in alphabetical order. */
async function askedScope(stage: Stage, browser: Browser, path = '/login'): Promise<string> {
  return sorted((await stage.begin(browser, path)).get('scope') ?? '')
}

/** The names in a scope in alphabetical order, each once. */
function sorted(scope: string): string {
  return [...new Set(scope.split(' '))].sort().join(' ')
}

/** Ends a login that the client started. Returns the response of the callback. */
async function finish(
  stage: Stage,
  browser: Browser,
  sent: URLSearchParams,
  more: Fields = {},
): Promise<Page> {
  const state = sent.get('state') ?? undefined
  const page = await stage.bring(browser, { code: randomValue(), state, ...more })
  stage.expectAccepted()
  return page
}

/** Where a response of the callback leads. */
function leadsOn({ location, status }: Page): string {
  return location ?? `no other page, but to a ${status}`
}

/** @throws {NotYet} unless the callback leads to this path of the client */
function expectWayBack(
  { clientUrl }: Stage,
  page: Page,
  path: string,
  when: string,
  from = FOR_EMAIL,
  file?: string,
): void {
  const end = leadsOn(page)
  must(
    end === clientUrl + path,
    `${when}a login from ${from} leads to ${end}, not to ${path}`,
    file,
  )
}

/** @throws {NotYet} unless a page links to this path, whose URL it returns */
function expectLink(page: Page, path: string, what: string, file?: string): string {
  must(hasLinkTo(page, path), `${what} has no link to ${path}`, file)
  return new URL(path, page.url).href
}

/** @throws {NotYet} unless the client says that its token doesn't cover profile */
async function expectProfileMissing(stage: Stage, browser: Browser, path: string): Promise<Page> {
  const page = await browser.open(stage.clientUrl + path)
  const what = `with a token for email alone, GET ${path}`
  must(
    page.location === undefined,
    `${what} sends the browser to ${page.location}: whether to ask for more is the user's choice`,
  )
  // The route gets a 502 from the call of the API.
  const file = page.status === 502 ? 'client/api.ts' : undefined
  must(page.status === 403, `${what} returns ${page.status}`, file)
  expectLink(page, '/login', `${what}: the 403 page`)
  return page
}
