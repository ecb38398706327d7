import { Browser, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { basic, credentials } from '@oauth-lab/shared/testing/driver.ts'
import type { RequestOptions } from '@oauth-lab/shared/testing/exchange.ts'
import { type Fields, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadPrograms } from '../attacks/load-programs.ts'
import { listVersions } from '../programs/versions.ts'

/** The headers of every response, unless a row says otherwise. */
const EVERYWHERE = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': policy("'self'"),
}
const PAGE = { ...EVERYWHERE, 'content-type': 'text/html; charset=utf-8' }
const JSON_ANSWER = { ...EVERYWHERE, 'content-type': 'application/json; charset=utf-8' }
const REDIRECT = { ...EVERYWHERE, location: expect.stringMatching(/^(\/|http:\/\/localhost:)/) }
const { pragma: _none, ...cached } = JSON_ANSWER
const JWKS = { ...cached, 'cache-control': 'public, max-age=60' }
const STYLE = { ...EVERYWHERE, 'cache-control': 'no-cache', 'content-type': 'text/css' }
/** The response to this form redirects to the client. */
const FORM = {
  ...PAGE,
  'content-security-policy': expect.stringMatching(
    new RegExp(`^${policy("'self' http://localhost:\\d+")}$`),
  ),
}
const COOKIE = {
  'set-cookie': expect.stringMatching(/^oauth_lab_\d+=\S+; Path=\/; HttpOnly; SameSite=Lax$/),
}
const NO_COOKIE = {
  'set-cookie': expect.stringMatching(/^oauth_lab_\d+=; .*Expires=Thu, 01 Jan 1970 00:00:00 GMT/),
}
/** RFC 6749 section 5.2 */
const BASIC = { 'www-authenticate': 'Basic realm="oauth-lab"' }
/** RFC 6750 section 3 */
const BEARER = { 'www-authenticate': 'Bearer realm="oauth-lab"' }
const BAD_BEARER = {
  'www-authenticate': expect.stringMatching(
    /^Bearer realm="oauth-lab", error="invalid_token", error_description="[^"]+"$/,
  ),
}
const LACKS_SCOPE = {
  'www-authenticate': expect.stringMatching(
    /^Bearer realm="oauth-lab", error="insufficient_scope", error_description="[^"]+", scope="email"$/,
  ),
}
/** Headers that Node adds to each response. */
const TRANSPORT = ['connection', 'content-length', 'date', 'keep-alive']

type Ask = (lab: Lab, browser: Browser) => Promise<Pick<Page, 'status' | 'headers'>>
type Row = [
  program: 'server' | 'client' | 'api',
  what: string,
  ask: Ask,
  status: number,
  headers: Record<string, unknown>,
]

const inAll: Row[] = [
  ['server', 'the style sheet', atServer('/style.css'), 200, STYLE],
  ['server', 'an unknown page', atServer('/nowhere'), 404, PAGE],
  ['server', 'an unknown resource', atServer('/api/nowhere'), 404, JSON_ANSWER],
  ['server', 'the start page', atServer('/'), 200, PAGE],
  ['server', 'the login form', authorize(), 200, FORM],
  ['server', 'a request of nobody', atServer('/authorize'), 400, PAGE],
  ['server', 'another response type', authorize({ response_type: 'token' }), 303, REDIRECT],
  ['server', 'a body that is no form', authorize({}, { method: 'POST' }), 400, FORM],
  ['server', 'a wrong password', logIn('wrong'), 401, FORM],
  ['server', 'a form that is too large', logIn('x'.repeat(17 * 1024)), 413, PAGE],
  [
    'server',
    'a login by PUT',
    authorize({}, { method: 'PUT' }),
    405,
    allow(PAGE, 'GET, HEAD, POST'),
  ],
  ['server', 'tokens', redeem(), 200, JSON_ANSWER],
  ['server', 'no tokens for a wrong code', redeem('a-code'), 400, JSON_ANSWER],
  ['server', 'no tokens for nobody', token('x:y'), 401, { ...JSON_ANSWER, ...BASIC }],
  ['server', 'no tokens without a form', atServer('/token', { method: 'POST' }), 400, JSON_ANSWER],
  ['server', 'no tokens by GET', atServer('/token'), 405, allow(JSON_ANSWER, 'POST')],
  ['client', 'the style sheet', atClient('/style.css'), 200, STYLE],
  ['client', 'an unknown page', atClient('/nowhere'), 404, PAGE],
  ['client', 'the start page', atClient('/'), 200, PAGE],
  [
    'client',
    'POST to the start page',
    atClient('/', { method: 'POST' }),
    405,
    allow(PAGE, 'GET, HEAD'),
  ],
  ['client', 'a callback that nobody began', atClient('/callback'), 400, PAGE],
]

/** Rows that hold only for some versions. */
const inSome: { from: number; to: number; rows: Row[] }[] = [
  {
    from: 1,
    to: 1,
    rows: [
      ['client', 'the start of a login', atClient('/login'), 302, REDIRECT],
      ['client', 'the end of a login', callback(), 200, PAGE],
    ],
  },
  {
    from: 1,
    to: 6,
    rows: [['server', 'a right password', logIn('password0'), 303, REDIRECT]],
  },
  {
    from: 2,
    to: 99,
    rows: [['client', 'the start of a login', atClient('/login'), 302, { ...REDIRECT, ...COOKIE }]],
  },
  {
    from: 1,
    to: 3,
    rows: [['server', 'no resource', atServer('/api/me'), 404, JSON_ANSWER]],
  },
  {
    from: 2,
    to: 3,
    rows: [['client', 'the end of a login', callback(), 200, { ...PAGE, ...COOKIE }]],
  },
  {
    from: 4,
    to: 99,
    rows: [
      ['api', 'the resource', me(), 200, JSON_ANSWER],
      ['api', 'the resource without a token', atApi('/api/me'), 401, { ...JSON_ANSWER, ...BEARER }],
      ['api', 'the resource with a made-up token', me('x'), 401, { ...JSON_ANSWER, ...BAD_BEARER }],
      ['client', 'the end of a login', callback(), 303, { ...REDIRECT, ...COOKIE }],
      ['client', 'the start page after a login', loggedIn('/'), 200, PAGE],
      ['client', 'the profile after a login', loggedIn('/profile'), 200, PAGE],
      ['client', 'the profile without a login', atClient('/profile'), 401, PAGE],
      [
        'client',
        'a logout',
        loggedIn('/logout', { method: 'POST' }),
        303,
        { ...REDIRECT, ...NO_COOKIE },
      ],
      ['client', 'a logout by GET', atClient('/logout'), 405, allow(PAGE, 'POST')],
    ],
  },
  {
    from: 5,
    to: 99,
    rows: [
      ['server', 'renewed tokens', refresh(), 200, JSON_ANSWER],
      ['server', 'a refresh with a made-up token', refresh('x'), 400, JSON_ANSWER],
    ],
  },
  {
    from: 6,
    to: 99,
    rows: [
      ['server', 'an unknown scope', authorize({ scope: 'admin' }), 303, REDIRECT],
      ['api', 'the email', email('email'), 200, JSON_ANSWER],
      [
        'api',
        'the email with a token for the name',
        email('profile'),
        403,
        { ...JSON_ANSWER, ...LACKS_SCOPE },
      ],
      ['client', 'the email after a login', loggedIn('/email'), 403, PAGE],
      ['client', 'the email without a login', atClient('/email'), 401, PAGE],
    ],
  },
  {
    from: 7,
    to: 99,
    rows: [
      ['server', 'a right password', logIn('password0'), 303, { ...REDIRECT, ...COOKIE }],
      ['server', 'the consent page', openConsent, 200, FORM],
      ['server', 'a no', deny(), 303, REDIRECT],
      ['server', 'a yes to nothing', atServer('/consent', { method: 'POST' }), 400, PAGE],
      ['server', 'a logout', logOut(), 303, { ...REDIRECT, ...NO_COOKIE }],
      ['server', 'a logout by GET', atServer('/logout'), 405, allow(PAGE, 'POST')],
    ],
  },
  {
    from: 8,
    to: 99,
    rows: [
      ['server', 'a code without a page', logInAgain(), 303, REDIRECT],
      [
        'client',
        'a login for a page',
        atClient('/login?for=email'),
        302,
        { ...REDIRECT, ...COOKIE },
      ],
    ],
  },
  {
    from: 12,
    to: 99,
    rows: [
      ['server', 'no resource', atServer('/api/me'), 404, JSON_ANSWER],
      ['server', 'a question about a token', introspect(), 200, JSON_ANSWER],
      ['api', 'an unknown resource', atApi('/api/nowhere'), 404, JSON_ANSWER],
    ],
  },
  {
    from: 13,
    to: 99,
    rows: [['server', 'the key set', atServer('/jwks'), 200, JWKS]],
  },
]

describe.each(firstAndNewest(listVersions()))('headers of $name', ({ name, number, folder }) => {
  const some = inSome.filter(({ from, to }) => from <= number && number <= to)
  const rows = [...inAll, ...some.flatMap(({ rows }) => rows)]
  let lab: Lab

  beforeAll(async () => {
    lab = await startLab(await loadPrograms(folder))
  })
  afterAll(() => lab.close())

  test.each(rows)('%s: %s', async (program, _what, ask, status, expected) => {
    const answer = await ask(lab, new Browser())
    const by = program === 'api' && lab.api === lab.server ? 'server' : program
    const own = Object.entries(answer.headers).filter(([header]) => !TRANSPORT.includes(header))
    expect(answer.status).toBe(status)
    expect(Object.fromEntries(own)).toEqual({ ...expected, 'x-oauth-lab': `${name} ${by}` })
  })
})

/** The content security policy of a page whose forms may lead to these addresses. */
function policy(formTargets: string): string {
  return `default-src 'none'; style-src 'self'; img-src data:; form-action ${formTargets}; frame-ancestors 'none'; base-uri 'none'`
}

function allow(headers: Row[4], methods: string): Row[4] {
  return { ...headers, allow: methods }
}

function atServer(path: string, options?: RequestOptions): Ask {
  return (lab, browser) => browser.open(lab.serverUrl + path, options)
}

/** At the program that serves the resource: the server, or an API of its own. */
function atApi(path: string): Ask {
  return (lab, browser) => browser.open(lab.apiUrl + path)
}

function atClient(path: string, options?: RequestOptions): Ask {
  return (lab, browser) => browser.open(lab.clientUrl + path, options)
}

function authorize(changes: Fields = {}, options?: RequestOptions): Ask {
  return (lab, browser) => browser.open(lab.authorizeUrl(changes), options)
}

function logIn(password: string): Ask {
  return authorize({}, { method: 'POST', body: { username: 'user0', password } })
}

/** The consent page, also for a user who has allowed the profile. */
async function openConsent(lab: Lab, browser: Browser): Promise<Page> {
  const form = await browser.open(lab.authorizeUrl({ scope: 'profile email' }))
  return browser.follow(await browser.submit(form, credentials('user1')))
}

function deny(): Ask {
  return async (lab, browser) => browser.submit(await openConsent(lab, browser), {}, 'deny')
}

function logInAgain(): Ask {
  return async (lab, browser) => {
    await lab.login(browser)
    return browser.open(lab.authorizeUrl())
  }
}

function logOut(): Ask {
  return async (lab, browser) => {
    await lab.login(browser)
    return browser.open(`${lab.serverUrl}/logout`, { method: 'POST' })
  }
}

function callback(): Ask {
  return async (lab, browser) => browser.open(await lab.loginUntilCallback(browser))
}

function loggedIn(path: string, options?: RequestOptions): Ask {
  return async (lab, browser) => {
    await lab.login(browser)
    return browser.open(lab.clientUrl + path, options)
  }
}

function redeem(code?: string): Ask {
  return async (lab) => lab.redeem(code ?? (await lab.code()))
}

function token(credentials: string): Ask {
  return (lab) => lab.token({}, { authorization: `Basic ${btoa(credentials)}` })
}

function refresh(refreshToken?: string): Ask {
  return async (lab) => {
    const refresh_token = refreshToken ?? String((await tokens(lab)).refresh_token)
    return lab.token({ grant_type: 'refresh_token', refresh_token })
  }
}

function introspect(): Ask {
  return (lab) => {
    const authorization = basic(lab.config.apiId, lab.config.apiSecret)
    return lab.post('/introspect', { token: 'x' }, { authorization })
  }
}

function me(accessToken?: string): Ask {
  return async (lab) => lab.me(`Bearer ${accessToken ?? (await tokens(lab)).access_token}`)
}

function email(scope: string): Ask {
  return async (lab) =>
    lab.me(`Bearer ${(await tokens(lab, { scope })).access_token}`, '/api/email')
}

async function tokens(lab: Lab, changes: Fields = {}): Promise<Record<string, unknown>> {
  return (await lab.redeem(await lab.code(changes))).body
}
