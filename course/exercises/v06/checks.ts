import type { Browser, Page } from '@oauth-lab/shared/testing/browser.ts'
import { html } from '@oauth-lab/shared/testing/browser.ts'
import type { Fields, JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { encodeForm, type FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import {
  answered,
  type CheckDriver,
  DESCRIPTION,
  expectAnswer,
  hasLinkTo,
  leadsTo,
  must,
  queryOf,
  type Stage,
  saw,
  textOf,
} from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { randomValue, type StandInAnswer, tokenIn, USER } from '../stand-in.ts'
import { stateStill } from '../v03/checks.ts'
import { expectTokenKept, freshSession, logIn, tokensHidden } from '../v04/checks.ts'

export const BOTH = 'profile email'
/** A valid request of the other client, which is registered only for `profile`. */
export const OTHER_REQUEST = {
  client_id: 'other-client',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}
/** Scopes that aren't a list of names. RFC 6749 section 3.3 */
const MALFORMED = [
  'profile  email',
  ' profile',
  'profile ',
  ' ',
  'profile"',
  'profile\\',
  'pröfile',
]
const UNKNOWN = [
  'admin',
  'mail',
  'profile admin',
  'profile,email',
  'PROFILE',
  'users.read:all/*',
  '__proto__',
]

/** Also for the versions after this one. */
export const cancel: Sentence = {
  id: 'cancel',
  text: 'A POST with decision=deny gets a redirect with error=access_denied, whatever else is in the form',
  file: 'server/routes/authorize.ts',
  async probe(stage) {
    const user = { username: 'user0', password: 'password0' }
    const forms: Record<string, FormFields> = {
      'and empty fields': { username: '', password: '', decision: 'deny' },
      'and the right password': { ...user, decision: 'deny' },
      'after decision=allow in the same form': { ...user, decision: ['allow', 'deny'] },
    }
    for (const [what, body] of Object.entries(forms)) {
      const url = stage.server.authorizeUrl()
      const page = await stage.browser().open(url, { method: 'POST', body })
      const request = `POST /authorize with decision=deny ${what}`
      expectError(page, stage.redirectUri, request, 'access_denied')
    }
  },
}

export const asksProfile: Sentence = {
  id: 'asks-profile',
  text: 'GET /login asks for scope=profile and nothing more',
  file: 'client/routes/login.ts',
  async probe(stage) {
    const sent = (await stage.begin(stage.browser())).getAll('scope')
    must(sent.length > 0, 'the redirect URL has no scope')
    must(
      sent.length === 1 && sent[0] === 'profile',
      `the redirect URL has ${shown(sent.join(', '))}: this version needs only profile`,
    )
  },
}

export const email403: Sentence = {
  id: 'email-403',
  text: 'When /api/email returns 403, GET /email returns a 403 page that mentions the email, and redirects nowhere',
  file: 'client/api.ts',
  needs: ['asks-profile', 'email-page'],
  async probe(stage) {
    const { browser } = await logIn(stage)
    const page = await openEmail(stage, browser)
    const when = 'when /api/email returns 403'
    must(
      page.location === undefined,
      `${when}, GET /email sends the browser to ${page.location}: whether to ask for more is the user's choice`,
      'client/routes/email.ts',
    )
    must(page.status === 403, `${when}, GET /email returns ${page.status}`)
    must(
      String(page.headers['content-type']).startsWith('text/html') && /email/i.test(textOf(page)),
      `${when}, no page tells the user that this app may not see the email address`,
    )
  },
}

export const keepsTokens: Sentence = {
  id: 'keeps-tokens',
  text: "After a 403 from /api/email the client keeps its tokens, and doesn't refresh them",
  file: 'client/api.ts',
  needs: ['profile-without-email', 'email-page'],
  async probe(stage) {
    const { browser } = await logIn(stage)
    const before = stage.standIn.tokenRequests.length
    await openEmail(stage, browser)
    must(
      stage.standIn.tokenRequests.length === before,
      "when /api/email returns 403, the client refreshes its tokens, but a new token wouldn't cover more",
      'client/token-manager.ts',
    )
    const { status } = await browser.open(`${stage.clientUrl}/profile`)
    must(
      status === 200,
      `after /api/email returned 403, GET /profile returns ${status}: the token is still good for everything else`,
    )
  },
}

export const settings: CheckSettings = { scopes: ['profile', 'email'] }

export const sentences: Sentence[] = [
  {
    id: 'good-scope',
    text: 'The login page still appears: without a scope, with an empty one, and with one that the client is registered for',
    file: 'server/authorization-request.ts',
    async probe({ server }) {
      for (const scope of [undefined, '', 'profile', 'email', BOTH]) {
        const page = await server.authorize({ scope })
        must(page.status === 200, `GET /authorize ${withScope(scope)}: ${went(page)}`)
      }
      const other = await server.authorize({ ...OTHER_REQUEST, scope: 'profile' })
      must(other.status === 200, `GET /authorize of other-client for profile: ${went(other)}`)
    },
  },
  {
    id: 'scope-refused',
    text: "An unknown scope, or one the client isn't registered for, gets a redirect with error=invalid_scope",
    file: 'server/authorization-request.ts',
    needs: ['good-scope'],
    async probe(stage) {
      for (const scope of UNKNOWN) await expectRefused(stage, { scope }, 'invalid_scope')
      await expectRefused(stage, { ...OTHER_REQUEST, scope: 'email' }, 'invalid_scope')
    },
  },
  {
    id: 'scope-form',
    text: 'A malformed scope gets error=invalid_scope, too: with two spaces, a space at the start or the end, or a character like "',
    file: 'server/scopes.ts',
    needs: ['scope-refused'],
    async probe(stage) {
      for (const scope of MALFORMED) await expectRefused(stage, { scope }, 'invalid_scope')
    },
  },
  {
    id: 'scope-doubled',
    text: 'A request with scope given twice gets a redirect with error=invalid_request',
    file: 'server/authorization-request.ts',
    async probe(stage) {
      const page = await stage
        .browser()
        .open(`${stage.server.authorizeUrl()}&scope=profile&scope=profile`)
      const request = 'GET /authorize with scope given twice'
      expectError(page, stage.redirectUri, request, 'invalid_request')
    },
  },
  {
    id: 'scopes-shown',
    text: 'The login page lists each requested scope, by name and in words, and no other',
    file: 'server/views/login.eta',
    async probe({ server }) {
      for (const scope of [BOTH, 'profile', 'email']) {
        expectListed(await server.authorize({ scope }), scope, `for scope=${scope}`)
      }
      const words = async (scope: string) =>
        textOf(await server.authorize({ scope })).replaceAll(scope, '')
      must(
        (await words('profile')) !== (await words('email')),
        "the login pages for profile and for email differ only in the scope's name: say in words what each scope allows",
      )
      const wrong = await server.logIn({ scope: BOTH }, 'wrong')
      expectListed(wrong, BOTH, 'after a wrong password')
    },
  },
  {
    id: 'default-scope',
    text: 'Without a scope, or with an empty one, the login page lists profile',
    file: 'server/authorization-request.ts',
    needs: ['good-scope', 'scopes-shown'],
    async probe({ server }) {
      for (const scope of [undefined, '']) {
        expectListed(await server.authorize({ scope }), 'profile', withScope(scope))
      }
    },
  },
  cancel,
  {
    id: 'cancel-button',
    text: 'The login page has a Cancel button that needs no password, and Enter still logs in',
    file: 'server/views/login.eta',
    async probe({ server }) {
      const page = html(await server.authorize())
      const cancel = page.querySelector('button[name=decision][value=deny]')
      const form = cancel?.closest('form')
      must(cancel && form, 'the form has no <button name="decision" value="deny">')
      must(
        form.getAttribute('method')?.toLowerCase() === 'post',
        'the form with the Cancel button doesn\'t use method="post"',
      )
      must(
        cancel.hasAttribute('formnovalidate') || form.querySelector('input[required]') === null,
        'a browser keeps the Cancel button from working while a required field is empty: it needs formnovalidate',
      )
      const [first] = form.querySelectorAll('button')
      must(
        form.querySelector('input[type=password]') === null || first !== cancel,
        'Cancel is the first button of the form, so Enter cancels: put it after the one that logs in',
      )
    },
  },
  {
    id: 'token-scope',
    text: 'The token response says which scopes the access token covers',
    file: 'server/tokens.ts',
    needs: ['default-scope'],
    async probe({ server }) {
      for (const scope of [BOTH, 'profile', 'email', undefined]) {
        const tokens = await server.tokens({ scope })
        must(
          isSame(tokens.scope, scope ?? 'profile'),
          `after a login ${withScope(scope)}, the token response has ${shown(tokens.scope)}`,
          isScope(tokens.scope) ? 'server/grants/authorization-code.ts' : undefined,
        )
      }
    },
  },
  {
    id: 'scope-order',
    text: 'A scope listed twice counts once, and the order of the request stays',
    file: 'server/scopes.ts',
    needs: ['token-scope'],
    async probe({ server }) {
      for (const scope of [BOTH, 'email profile', 'email profile email']) {
        const tokens = await server.tokens({ scope })
        must(
          tokens.scope === [...new Set(scope.split(' '))].join(' '),
          `after a login with scope=${scope}, the token response has ${shown(tokens.scope)}`,
        )
      }
    },
  },
  {
    id: 'refresh-keeps',
    text: 'A refresh without a scope returns a token for all scopes of the login',
    file: 'server/grants/refresh-token.ts',
    needs: ['token-scope'],
    async probe({ server }) {
      let { refresh_token } = await server.tokens({ scope: BOTH })
      for (const scope of [undefined, '']) {
        const { status, body } = await refresh(server, refresh_token, scope)
        must(status === 200, `a refresh ${withScope(scope)} gets ${answered(status, body)}`)
        must(
          isSame(body.scope, BOTH),
          `after a login for ${BOTH}, the response to a refresh ${withScope(scope)} has ${shown(body.scope)}`,
        )
        refresh_token = String(body.refresh_token)
      }
    },
  },
  {
    id: 'me-without-email',
    text: 'GET /api/me returns user_id and username, and nothing else',
    file: 'server/routes/me.ts',
    async probe({ server }) {
      const { access_token } = await server.tokens({ scope: BOTH })
      const { status, body } = await server.me(`Bearer ${access_token}`)
      must(status === 200, `GET /api/me with a token for ${BOTH} returns ${status}`)
      expectOnly(body, { user_id: USER.user_id, username: USER.username }, '/api/me')
    },
  },
  {
    id: 'email-with-scope',
    text: 'GET /api/email with a token for email returns the email address, and nothing else',
    file: 'server/routes/me.ts',
    needs: ['token-scope'],
    async probe({ server }) {
      for (const scope of ['email', BOTH]) {
        const { access_token } = await server.tokens({ scope })
        const { status, body } = await email(server, access_token)
        must(status !== 404, 'the server has no GET /api/email')
        must(
          status === 200,
          `GET /api/email with a token for ${scope} returns ${answered(status, body)}`,
        )
        expectOnly(body, { email: USER.email }, '/api/email')
      }
    },
  },
  {
    id: 'insufficient-scope',
    text: 'A valid token without the scope gets 403 and insufficient_scope, at both resources',
    file: 'server/bearer-auth.ts',
    needs: ['me-without-email', 'email-with-scope'],
    async probe({ server }) {
      for (const { what, answer } of await withoutScope(server)) {
        must(answer.status === 403, `${what} returns ${answered(answer.status, answer.body)}`)
        must(
          answer.body.error === 'insufficient_scope',
          `${what}: the JSON body doesn't say insufficient_scope`,
        )
        must(
          challengeOf(answer).includes('error="insufficient_scope"'),
          `${what}: WWW-Authenticate doesn't say error="insufficient_scope"`,
        )
      }
    },
  },
  {
    id: 'challenge-scope',
    text: 'The WWW-Authenticate header of a 403 names the missing scope',
    file: 'server/bearer-auth.ts',
    needs: ['insufficient-scope'],
    async probe({ server }) {
      for (const { what, answer, missing } of await withoutScope(server)) {
        must(
          challengeOf(answer).includes(`, scope="${missing}"`),
          `${what}: WWW-Authenticate doesn't say scope="${missing}"`,
        )
      }
    },
  },
  {
    id: 'token-before-scope',
    text: 'The token is checked first: without one, or with a wrong one, GET /api/email returns 401',
    file: 'server/bearer-auth.ts',
    needs: ['email-with-scope'],
    async probe({ server }) {
      const none = await server.me(undefined, '/api/email')
      must(none.status === 401, `without a token, GET /api/email returns ${none.status}`)
      must(
        /^Bearer(?: |$)/i.test(challengeOf(none)) && !challengeOf(none).includes('error'),
        'without a token at GET /api/email, WWW-Authenticate should be Bearer, without an error',
      )
      const wrong = await email(server, randomValue())
      must(wrong.status === 401, `with a wrong token, GET /api/email returns ${wrong.status}`)
      must(
        wrong.body.error === 'invalid_token',
        `with a wrong token, GET /api/email returns ${answered(wrong.status, wrong.body)}`,
      )
    },
  },
  {
    id: 'refresh-less',
    text: 'A refresh may ask for part of the scopes, and gets a token for that part',
    file: 'server/grants/refresh-token.ts',
    needs: ['refresh-keeps', 'insufficient-scope'],
    async probe({ server }) {
      const { refresh_token } = await server.tokens({ scope: BOTH })
      const { access_token } = await narrow(server, refresh_token)
      const { status } = await email(server, access_token)
      must(
        status === 403,
        `the response to a refresh with scope=profile says so, but GET /api/email returns ${status} for the new access token: it was issued for more, or server/bearer-auth.ts looks at the grant`,
      )
    },
  },
  {
    id: 'refresh-whole',
    text: 'After a refresh for less, the next refresh gets all scopes again',
    file: 'server/grants/refresh-token.ts',
    needs: ['refresh-less'],
    async probe({ server }) {
      for (const scope of [undefined, BOTH]) {
        const first = await server.tokens({ scope: BOTH })
        const next = await narrow(server, first.refresh_token)
        const { status, body } = await refresh(server, next.refresh_token, scope)
        must(
          status === 200 && isSame(body.scope, BOTH),
          `after a refresh with scope=profile, a refresh ${withScope(scope)} gets ${answered(status, body)} and ${shown(body.scope)}`,
        )
        const old = await email(server, first.access_token)
        must(
          old.status === 200,
          `after a refresh with scope=profile, GET /api/email returns ${old.status} for the access token from before`,
        )
      }
    },
  },
  {
    id: 'refresh-not-more',
    text: 'A refresh that asks for more, or for nonsense, gets 400 and invalid_scope',
    file: 'server/grants/refresh-token.ts',
    needs: ['scope-form', 'refresh-less'],
    async probe({ server }) {
      for (const scope of ['email', BOTH, 'admin', 'file', 'profile  profile', ' ']) {
        const { refresh_token } = await server.tokens({ scope: 'profile' })
        const answer = await refresh(server, refresh_token, scope)
        const what = `after a login for profile, a refresh with ${encodeForm({ scope })}`
        expectAnswer(answer, '400 invalid_scope', what)
      }
    },
  },
  {
    id: 'refresh-unused',
    text: 'After invalid_scope the refresh token still works',
    file: 'server/grants/refresh-token.ts',
    needs: ['refresh-not-more'],
    async probe({ server }) {
      const { access_token, refresh_token } = await server.tokens({ scope: 'profile' })
      const refused = await refresh(server, refresh_token, BOTH)
      must(refused.status === 400, `a refresh for more gets ${refused.status}`)
      const me = await server.me(`Bearer ${access_token}`)
      must(me.status === 200, `after invalid_scope, the access token gets ${me.status}`)
      const { status, body } = await refresh(server, refresh_token)
      must(
        status === 200,
        `after invalid_scope, the same refresh token gets ${answered(status, body)}: check the scope before you use the token up`,
      )
    },
  },
  {
    id: 'refresh-doubled',
    text: 'A refresh with scope given twice gets 400 and invalid_request, and revokes nothing',
    file: 'server/grants/refresh-token.ts',
    needs: ['refresh-less'],
    async probe({ server }) {
      const first = await server.tokens({ scope: BOTH })
      const { body } = await refresh(server, first.refresh_token)
      const newest = String(body.refresh_token)
      for (const [which, refresh_token] of [
        ['a valid', newest],
        ['a used', first.refresh_token],
      ] as const) {
        const answer = await refresh(server, refresh_token, ['profile', 'profile'])
        const what = `${which} refresh token with scope given twice`
        expectAnswer(answer, '400 invalid_request', what)
      }
      const { status } = await refresh(server, newest)
      must(status === 200, `after scope was given twice, the newest refresh token gets ${status}`)
    },
  },
  {
    id: 'reuse-still',
    text: 'A used refresh token still ends its login, whatever scope it asks for',
    file: 'server/grants/refresh-token.ts',
    async probe({ server }) {
      const first = await server.tokens({ scope: 'profile' })
      const next = await refresh(server, first.refresh_token)
      const { status, body } = await refresh(server, first.refresh_token, 'admin')
      must(
        status === 400 && body.error === 'invalid_grant',
        `a used refresh token with scope=admin gets ${answered(status, body)}, not invalid_grant`,
      )
      const newest = await refresh(server, String(next.body.refresh_token))
      must(
        newest.status === 400,
        `after a used refresh token is sent again with scope=admin, the newest one gets ${newest.status}`,
      )
    },
  },
  asksProfile,
  {
    id: 'profile-without-email',
    text: 'GET /profile needs no email: it shows the user name and a link to /email',
    file: 'client/api.ts',
    needs: ['asks-profile'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      const page = await browser.open(`${stage.clientUrl}/profile`)
      expectTokenKept(stage, page)
      must(
        page.status === 200,
        `when the response of /api/me has only user_id and username, GET /profile returns ${page.status}`,
      )
      const view = 'client/views/profile.eta'
      must(textOf(page).includes(USER.username), "the page doesn't show the user name", view)
      must(hasLinkTo(page, '/email'), 'the page has no link to /email', view)
    },
  },
  {
    id: 'email-page',
    text: 'GET /email calls /api/email with the access token, and shows the email address',
    file: 'client/routes/email.ts',
    async probe(stage) {
      const { browser } = await logIn(stage)
      const asked: string[] = []
      atEmail(stage, (authorization) => {
        asked.push(tokenIn(authorization))
        return { status: 200, body: { email: USER.email } }
      })
      const page = await openEmail(stage, browser)
      const after = `GET /email after a login returns ${page.status}`
      must(asked.length > 0, `${after} and doesn't call /api/email`)
      must(
        asked[0] === stage.standIn.issued[0]?.access_token,
        `${after} and calls /api/email without "Bearer" and the token of this login in the Authorization header`,
        'client/api.ts',
      )
      must(page.status === 200, after)
      must(textOf(page).includes(USER.email), "the page doesn't show the email address")
    },
  },
  email403,
  keepsTokens,
  {
    id: 'email-without-login',
    text: 'GET /email without a login returns 401, and calls nothing',
    file: 'client/routes/email.ts',
    needs: ['email-page'],
    async probe(stage) {
      const page = await openEmail(stage, stage.browser())
      must(page.status === 401, `GET /email without a login returns ${page.status}`)
      must(stage.standIn.resourceRequests.length === 0, 'the client still calls /api/email')
    },
  },
  {
    id: 'email-nonsense',
    text: 'When the response of /api/email makes no sense, GET /email returns 502',
    file: 'client/api.ts',
    needs: ['email-page'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      const nonsense = [
        { status: 200, body: '<h1>Hello</h1>' },
        { status: 200, body: {} },
        { status: 200, body: { email: 7 } },
        { status: 500, body: { email: USER.email } },
      ]
      for (const answer of nonsense) {
        atEmail(stage, () => answer)
        const { status } = await openEmail(stage, browser)
        must(
          status === 502,
          `when /api/email returns ${answer.status} with ${JSON.stringify(answer.body)}, GET /email returns ${status}`,
        )
      }
    },
  },
  tokensHidden('/profile', '/email', '/'),
  freshSession,
  stateStill,
  {
    id: 'together',
    text: 'Everything together: a login in a browser ends at the profile, and its link to /email gets 403',
    on: 'both',
    file: 'client/routes/email.ts',
    async probe(stage) {
      const browser = stage.browser()
      const page = await stage.loginAtServer(browser, 'user1')
      must(textOf(page).includes('User Number 1'), "the final page doesn't show the user name")
      const { status } = await openEmail(stage, browser)
      must(status === 403, `GET /email returns ${status}`)
    },
  },
]

/** Sends a refresh. A list of scopes sends the parameter several times. */
function refresh(
  server: CheckDriver,
  refresh_token: string,
  scope?: string | string[],
): Promise<JsonAnswer> {
  return server.token({ grant_type: 'refresh_token', refresh_token, scope })
}

/** A refresh for `profile`, after a login for more. */
async function narrow(server: CheckDriver, refresh_token: string) {
  const { status, body } = await refresh(server, refresh_token, 'profile')
  must(
    status === 200 && body.scope === 'profile',
    `after a login for ${BOTH}, a refresh with scope=profile gets ${answered(status, body)} and ${shown(body.scope)}`,
  )
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

function email(server: CheckDriver, accessToken: string): Promise<JsonAnswer> {
  return server.me(`Bearer ${accessToken}`, '/api/email')
}

/** The response of each resource to a token that covers only the other one. */
async function withoutScope(server: CheckDriver) {
  const cases = [
    ['profile', '/api/email', 'email'],
    ['email', '/api/me', 'profile'],
  ] as const
  const answers = []
  for (const [scope, path, missing] of cases) {
    const { access_token } = await server.tokens({ scope })
    const answer = await server.me(`Bearer ${access_token}`, path)
    answers.push({ what: `GET ${path} with a token for ${scope}`, answer, missing })
  }
  return answers
}

export async function openEmail({ clientUrl }: Stage, browser: Browser): Promise<Page> {
  const page = await browser.open(`${clientUrl}/email`)
  must(page.status !== 404, 'the client has no GET /email', 'client/routes/email.ts')
  return page
}

/** From now on the stand-in responds to `/api/email` like this. */
function atEmail({ standIn }: Stage, answer: (authorization: string) => StandInAnswer): void {
  standIn.onResource = (authorization, path) =>
    path === '/api/email' ? answer(authorization) : standIn.user(authorization, path)
}

/** @throws {NotYet} unless the server rejects an authorization request */
async function expectRefused(stage: Stage, changes: Fields, error: string): Promise<void> {
  const page = await stage.server.authorize(changes)
  const redirectUri = changes.redirect_uri ?? stage.redirectUri
  const who = changes.client_id === undefined ? '' : `of ${changes.client_id} `
  // Encoded as it is sent, so that each space shows.
  const request = `GET /authorize ${who}with ${encodeForm({ scope: changes.scope })}`
  expectError(page, redirectUri, request, error)
}

/** @throws {NotYet} unless the browser goes back to the client with an error and nothing else */
export function expectError(page: Page, redirectUri: string, request: string, error: string): void {
  must(
    leadsTo(page, redirectUri.split('?')[0] ?? ''),
    `${request} doesn't lead to the client with error=${error}: ${went(page)}`,
  )
  const query = queryOf(page)
  must(!query.has('code'), `${request} gets a code`)
  must(
    query.get('error') === error,
    `${request} gets ${query.has('error') ? `error=${query.get('error')}` : 'no error'}, not error=${error}`,
  )
  must(
    DESCRIPTION.test(query.get('error_description') ?? ''),
    `${request}: error_description has a character that RFC 6749 section 4.1.2.1 doesn't allow. Don't repeat the scope in it`,
  )
  must(query.get('state') === 'a-state', `${request}: the redirect with the error has no state`)
}

/** @throws {NotYet} unless a page lists these scopes, and no other */
export function expectListed(page: Page, scope: string, when: string): void {
  const text = textOf(page)
  for (const name of ['profile', 'email']) {
    const isListed = new RegExp(`\\b${name}\\b`).test(text)
    const isAsked = scope.split(' ').includes(name)
    const instead = page.status === 200 ? '' : `: ${went(page)}`
    must(isListed || !isAsked, `${when}, the page doesn't name ${name}${instead}`)
    must(isAsked || !isListed, `${when}, the page names ${name}, which wasn't asked for`)
  }
}

/** @throws {NotYet} unless a body has these members, and no other */
function expectOnly(body: JsonAnswer['body'], members: Record<string, string>, path: string): void {
  for (const [name, value] of Object.entries(members)) {
    must(body[name] === value, `${path}: ${name} is ${JSON.stringify(body[name])}, not "${value}"`)
  }
  const more = Object.keys(body).filter((name) => !(name in members))
  must(more.length === 0, `the response of ${path} also has ${more.join(', ')}`)
}

/** Whether it is names with a space between two. */
function isScope(value: unknown): boolean {
  return typeof value === 'string' && /^\w+( \w+)*$/.test(value)
}

/** Whether a scope lists the same names, in any order. */
function isSame(scope: unknown, expected: string): boolean {
  const sorted = (text: string) => text.split(' ').sort().join(' ')
  return typeof scope === 'string' && sorted(scope) === sorted(expected)
}

function challengeOf({ headers }: JsonAnswer): string {
  return String(headers['www-authenticate'] ?? '')
}

export function withScope(scope: string | undefined): string {
  if (scope === undefined) return 'without a scope'
  return scope === '' ? 'with an empty scope' : `with scope=${scope}`
}

export function shown(scope: unknown): string {
  return scope === undefined ? 'no scope' : `scope ${JSON.stringify(scope)}`
}

/** The response to an authorization request, in words. */
export function went(page: Page): string {
  const error = queryOf(page).get('error')
  return error === null ? saw(page) : `${saw(page)}, error=${error}`
}
