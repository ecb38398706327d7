import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from '@oauth-lab/shared/testing/browser.ts'
import { html } from '@oauth-lab/shared/testing/browser.ts'
import type { JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { expectAnswer, hasLinkTo, must, type Stage, textOf } from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { randomValue, tokenIn, tokenRefused, USER } from '../stand-in.ts'
import { stateStill } from '../v03/checks.ts'

/** What a client without a token sends if it calls anyway. */
const NO_TOKEN = /^(?:Bearer *)?(?:undefined|null)?$/i
/** The file of the client that handles each path. */
export const FILE_OF: Record<string, string> = {
  '/': 'client/routes/home.ts',
  '/callback': 'client/routes/callback.ts',
  '/profile': 'client/routes/profile.ts',
  '/email': 'client/routes/email.ts',
}

/** Later versions must still do this. */
export const freshSession: Sentence = {
  id: 'fresh-session',
  text: "A login starts a new session: the old cookie isn't logged in",
  file: 'client/routes/callback.ts',
  async probe(stage) {
    const browser = stage.browser()
    const sent = await stage.begin(browser)
    const planted = await browser.jar.getCookieString(stage.clientUrl)
    await finish(stage, browser, sent)
    const asked = stage.standIn.resourceRequests.length
    const page = await openWith(stage, planted, '/profile')
    must(
      isShut(page.status) && stage.standIn.resourceRequests.length === asked,
      `the session cookie from before the login opens GET /profile, which returns ${page.status}`,
    )
  },
}

export const loginShowsProfile: Sentence = {
  id: 'together',
  text: "Everything together: a login in a browser ends at the user's profile",
  on: 'both',
  file: 'client/routes/profile.ts',
  async probe(stage) {
    const page = await stage.loginAtServer(stage.browser(), 'user1')
    must(textOf(page).includes('User Number 1'), "the final page doesn't show the user name")
    const form = html(page).querySelector('form[action$="/logout"]')
    must(form, 'the profile has no form for POST /logout')
  },
}

/** @param paths of the pages to look at */
export function tokensHidden(...paths: string[]): Sentence {
  return {
    id: 'tokens-hidden',
    text: 'No page, URL or cookie of the client shows a token or the code',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const { browser, callback, code } = await logIn(stage)
      const pages = [callback]
      for (const path of paths) pages.push(await browser.open(stage.clientUrl + path))
      expectNothingShown(stage, pages, code)
    },
  }
}

export const settings: CheckSettings = { short: { ACCESS_TOKEN_TTL: '0.4' } }

export const sentences: Sentence[] = [
  {
    id: 'no-token',
    text: 'GET /api/me without a token returns 401, with WWW-Authenticate: Bearer and no error code',
    file: 'server/bearer-auth.ts',
    async probe({ server }) {
      for (const authorization of [undefined, 'Basic eDp4', 'Bearerish x']) {
        const answer = await server.me(authorization)
        const what = authorization ?? 'no Authorization header'
        const challenge = challengeOf(answer)
        must(answer.status !== 404, 'the server has no GET /api/me', 'server/routes/me.ts')
        expectAnswer(answer, 401, `with ${what}, GET /api/me`)
        must(
          /^Bearer +realm=/i.test(challenge),
          `with ${what}, WWW-Authenticate: Bearer realm="..." is missing`,
        )
        must(
          !challenge.includes('error'),
          `with ${what}, WWW-Authenticate has an error, but it should have none`,
        )
        const named = Object.keys(answer.body).find((name) => name.startsWith('error'))
        must(!named, `with ${what}, the JSON body has ${named}, but it should have no error`)
      }
    },
  },
  {
    id: 'token-in-query',
    text: 'A token in the URL is ignored',
    file: 'server/bearer-auth.ts',
    needs: ['no-token'],
    async probe({ server }) {
      const { access_token } = await server.tokens()
      const answer = await server.me(undefined, `/api/me?access_token=${access_token}`)
      expectAnswer(answer, 401, 'GET /api/me?access_token=...')
    },
  },
  {
    id: 'good-token',
    text: 'GET /api/me with a valid token in the Authorization header returns its user',
    file: 'server/routes/me.ts',
    needs: ['no-token'],
    async probe({ server }) {
      const { access_token } = await server.tokens()
      const answer = await server.me(`Bearer ${access_token}`)
      expectAnswer(answer, 200, 'GET /api/me with a valid token')
      const { body } = answer
      for (const [name, value] of Object.entries(USER)) {
        must(body[name] === value, `${name} is ${JSON.stringify(body[name])}, not "${value}"`)
      }
    },
  },
  {
    id: 'nothing-else',
    text: 'The response contains nothing else about the user: no password, no token',
    file: 'server/routes/me.ts',
    needs: ['good-token'],
    async probe({ server }) {
      const { access_token } = await server.tokens()
      const { body } = await server.me(`Bearer ${access_token}`)
      const more = Object.keys(body).filter((name) => !(name in USER))
      must(more.length === 0, `the response also has ${more.join(', ')}`)
    },
  },
  {
    id: 'scheme-case',
    text: 'The scheme works in any case: bearer, BEARER',
    file: 'server/bearer-auth.ts',
    needs: ['good-token'],
    async probe({ server }) {
      const { access_token } = await server.tokens()
      for (const scheme of ['bearer', 'BEARER']) {
        const answer = await server.me(`${scheme} ${access_token}`)
        expectAnswer(answer, 200, `with the scheme written ${scheme}, GET /api/me`)
      }
    },
  },
  {
    id: 'wrong-token',
    text: 'An unknown or malformed token gets 401 and invalid_token',
    file: 'server/bearer-auth.ts',
    needs: ['good-token'],
    async probe({ server }) {
      const { access_token } = await server.tokens()
      const wrong = {
        'with a wrong token': randomValue(),
        'with two words after Bearer': 'a b',
        'with a valid token and a word after it': `${access_token} x`,
        'without a token after Bearer': '',
      }
      for (const [what, token] of Object.entries(wrong)) {
        expectInvalidToken(await server.me(`Bearer ${token}`.trimEnd()), what)
      }
    },
  },
  {
    id: 'expired-token',
    text: 'An expired token gets the same response; ACCESS_TOKEN_TTL is in seconds',
    on: 'short server',
    file: 'server/bearer-auth.ts',
    needs: ['wrong-token'],
    async probe({ server }) {
      const { access_token } = await server.tokens()
      await sleep(500)
      const answer = await server.me(`Bearer ${access_token}`)
      must(
        answer.status !== 200,
        'half a second after it was issued with ACCESS_TOKEN_TTL=0.4, a token still opens GET /api/me',
        'server/tokens.ts',
      )
      expectInvalidToken(answer, 'half a second after it was issued with ACCESS_TOKEN_TTL=0.4')
    },
  },
  {
    id: 'to-profile',
    text: 'After a login the callback sends the browser to /profile, with status 303',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const { callback } = await logIn(stage)
      expectAnswer(callback, 303, 'GET /callback with a valid code')
      must(
        callback.location === `${stage.clientUrl}/profile`,
        `GET /callback sends the browser to ${callback.location}`,
      )
    },
  },
  tokensHidden('/profile', '/'),
  {
    id: 'profile',
    text: 'GET /profile calls /api/me with the token in the Authorization header, and shows user name and email',
    file: 'client/api.ts',
    async probe(stage) {
      const { browser } = await logIn(stage)
      const page = await browser.open(`${stage.clientUrl}/profile`)
      expectTokenKept(stage, page)
      const { resourceRequests, issued } = stage.standIn
      const [asked] = resourceRequests
      const after = `GET /profile after a login returns ${page.status}`
      must(asked !== undefined, `${after} and doesn't call /api/me`)
      must(
        asked !== '',
        `${after} and calls /api/me without an Authorization header`,
        'client/api.ts',
      )
      must(
        tokenIn(asked) === issued[0]?.access_token,
        `${after} and calls /api/me without "Bearer" and the token of this login in the Authorization header`,
        'client/api.ts',
      )
      must(page.status === 200, after)
      must(textOf(page).includes(USER.username), "the page doesn't show the user name")
      must(textOf(page).includes(USER.email), "the page doesn't show the email")
      const username = planted(stage, 'username')
      const changed = await browser.open(`${stage.clientUrl}/profile`)
      expectText(changed, username, 'client/views/profile.eta')
      const email = planted(stage, 'email')
      const again = await browser.open(`${stage.clientUrl}/profile`)
      expectText(again, email, 'client/views/profile.eta')
    },
  },
  {
    id: 'resource-nonsense',
    text: 'When the response of /api/me makes no sense, the status is 502, and the user stays logged in',
    file: 'client/api.ts',
    needs: ['profile'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      const nonsense = [
        { what: 'no JSON', answer: { status: 200, body: '<h1>Hello</h1>' } },
        { what: 'no user', answer: { status: 200, body: {} } },
        { what: 'an internal error', answer: { status: 500, body: { error: 'server_error' } } },
      ]
      for (const { what, answer } of nonsense) {
        stage.standIn.onResource = () => answer
        const page = await browser.open(`${stage.clientUrl}/profile`)
        expectAnswer(page, 502, `when /api/me returns ${what}, GET /profile`)
      }
      stage.standIn.onResource = (authorization) => stage.standIn.user(authorization)
      const page = await browser.open(`${stage.clientUrl}/profile`)
      expectAnswer(page, 200, 'when /api/me works again, GET /profile')
    },
  },
  {
    id: 'not-logged-in',
    text: 'GET /profile without a login returns 401 and "token missing from session", and calls nothing',
    file: 'client/api.ts',
    needs: ['profile'],
    async probe(stage) {
      const page = await stage.browser().open(`${stage.clientUrl}/profile`)
      must(
        page.location === undefined,
        `GET /profile without a login sends the browser to ${page.location}`,
        'client/routes/profile.ts',
      )
      expectAnswer(page, 401, 'GET /profile without a login')
      must(
        textOf(page).includes('token missing from session'),
        'the page doesn\'t say "token missing from session"',
      )
      must(hasLinkTo(page, '/login'), 'the page has no link to /login')
      must(stage.standIn.resourceRequests.length === 0, 'the client still calls /api/me')
    },
  },
  {
    id: 'refused-token',
    text: 'When /api/me rejects the token, the client returns 401 and forgets it',
    file: 'client/api.ts',
    needs: ['profile'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      stage.standIn.onResource = tokenRefused
      const refused = await browser.open(`${stage.clientUrl}/profile`)
      expectAnswer(refused, 401, 'when /api/me returns 401, GET /profile')
      must(hasLinkTo(refused, '/login'), 'the 401 page has no link to /login')
      const asked = stage.standIn.resourceRequests.length
      await browser.open(`${stage.clientUrl}/profile`)
      must(
        stage.standIn.resourceRequests.length === asked,
        'the client sends the rejected token to /api/me again',
      )
    },
  },
  {
    id: 'home',
    text: 'The start page says who is logged in, or "Not logged in"',
    file: 'client/routes/home.ts',
    needs: ['profile'],
    async probe(stage) {
      const before = await stage.browser().open(stage.clientUrl)
      must(
        textOf(before).includes('Not logged in'),
        'before a login, GET / doesn\'t say "Not logged in"',
      )
      must(hasLinkTo(before, '/login'), 'before a login, GET / has no link to /login')
      const { browser } = await logIn(stage)
      const page = await browser.open(stage.clientUrl)
      expectAnswer(page, 200, 'after a login, GET /')
      must(
        textOf(page).includes(USER.username),
        "after a login, GET / doesn't show the user name",
        stage.standIn.resourceRequests.length > 0 ? 'client/views/home.eta' : undefined,
      )
      const username = planted(stage, 'username')
      expectText(await browser.open(stage.clientUrl), username, 'client/views/home.eta')
      stage.standIn.onResource = tokenRefused
      const refused = await browser.open(stage.clientUrl)
      expectAnswer(refused, 401, 'when /api/me rejects the token, GET /')
    },
  },
  { ...freshSession, needs: ['to-profile', 'profile'] },
  stateStill,
  {
    id: 'logout',
    text: 'POST /logout logs out this browser and sends it to the start page, with status 303',
    file: 'client/routes/logout.ts',
    needs: ['profile'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      const page = await browser.open(`${stage.clientUrl}/logout`, { method: 'POST' })
      must(page.status !== 404, 'the client has no POST /logout')
      expectAnswer(page, 303, 'POST /logout')
      must(
        page.location === `${stage.clientUrl}/`,
        `POST /logout sends the browser to ${page.location}`,
      )
      const { status } = await browser.open(`${stage.clientUrl}/profile`)
      must(isShut(status), `after the logout, GET /profile returns ${status}`)
    },
  },
  {
    id: 'old-cookie',
    text: 'After a logout the old cookie no longer works',
    file: 'client/routes/logout.ts',
    needs: ['logout'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      const cookie = await browser.jar.getCookieString(stage.clientUrl)
      await browser.open(`${stage.clientUrl}/logout`, { method: 'POST' })
      const asked = stage.standIn.resourceRequests.length
      const { status } = await openWith(stage, cookie, '/profile')
      must(
        isShut(status) && stage.standIn.resourceRequests.length === asked,
        `with the cookie from before the logout, GET /profile returns ${status}`,
      )
    },
  },
  {
    id: 'logout-by-post',
    text: 'GET /logout changes nothing and returns 405',
    file: 'client/routes/logout.ts',
    needs: ['logout'],
    async probe(stage) {
      const { browser } = await logIn(stage)
      expectAnswer(await browser.open(`${stage.clientUrl}/logout`), 405, 'GET /logout')
    },
  },
  {
    id: 'logout-stays',
    text: 'A logout during a login stays a logout',
    file: 'client/routes/callback.ts',
    needs: ['old-cookie'],
    async probe(stage) {
      const browser = stage.browser()
      const sent = await stage.begin(browser)
      const cookie = await browser.jar.getCookieString(stage.clientUrl)
      const logout = { method: 'POST', headers: { cookie } } as const
      stage.standIn.onToken = async () => {
        await stage.browser().open(`${stage.clientUrl}/logout`, logout)
        return stage.standIn.tokens()
      }
      await finish(stage, browser, sent)
      const { status } = await browser.open(`${stage.clientUrl}/profile`)
      must(
        isShut(status),
        `after a logout during the token request, GET /profile returns ${status}`,
      )
    },
  },
  loginShowsProfile,
]

interface LoggedIn {
  browser: Browser
  /** The response of the callback. */
  callback: Page
  code: string
}

/** A login with the stand-in as the server, up to the response of the callback. */
export async function logIn(stage: Stage): Promise<LoggedIn> {
  const browser = stage.browser()
  return finish(stage, browser, await stage.begin(browser))
}

async function finish(stage: Stage, browser: Browser, sent: URLSearchParams): Promise<LoggedIn> {
  const code = randomValue()
  const callback = await stage.bring(browser, { code, state: sent.get('state') ?? '' })
  stage.expectAccepted()
  return { browser, callback, code }
}

/** @throws {NotYet} if the profile finds no token in the session right after a login */
export function expectTokenKept({ standIn }: Stage, profile: Page): void {
  const asksWithout = standIn.resourceRequests.every((sent) => NO_TOKEN.test(sent))
  must(
    profile.status !== 401 || !asksWithout,
    'right after a login the session holds no token: GET /profile returns 401. regenerate() starts an empty session, so a token stored before it is lost',
    'client/routes/callback.ts',
  )
}

/** @throws {NotYet} if one of the pages shows a token or the code */
export function expectNothingShown(stage: Stage, pages: Page[], code: string): void {
  const tokens = stage.standIn.issued.flatMap((issued) => Object.values(issued))
  for (const { url, headers, body } of pages) {
    const shown = JSON.stringify(headers) + body
    const { pathname } = new URL(url)
    const [what, file] = [`the response to GET ${pathname}`, FILE_OF[pathname]]
    must(!tokens.some((token) => shown.includes(token)), `${what} shows a token`, file)
    must(!shown.includes(code), `${what} shows the code`, file)
  }
}

/** Opens a page of the client as someone who has only a cookie. */
export async function openWith(stage: Stage, cookie: string, path: string): Promise<Page> {
  return stage.browser().open(stage.clientUrl + path, { headers: { cookie } })
}

/** Whether this status asks for a login, or redirects to one. */
export function isShut(status: number): boolean {
  return [401, 302, 303].includes(status)
}

/** From now on `/api/me` returns HTML in one of the user's fields. Returns that text. */
function planted({ standIn }: Stage, field: keyof typeof USER): string {
  const markup = `<b id="planted">${randomValue()}</b>`
  standIn.onResource = () => ({ status: 200, body: { ...USER, [field]: markup } })
  return markup
}

/** @throws {NotYet} unless a page shows what `/api/me` just returned, as text */
function expectText(page: Page, text: string, file: string): void {
  const path = `GET ${new URL(page.url).pathname}`
  must(
    html(page).querySelector('#planted') === null,
    `${path} shows HTML from /api/me unescaped: a user's name could be a script`,
    file,
  )
  must(textOf(page).includes(text), `${path} doesn't show what /api/me returns now`)
}

function challengeOf({ headers }: JsonAnswer): string {
  return String(headers['www-authenticate'] ?? '')
}

function expectInvalidToken(answer: JsonAnswer, when: string): void {
  expectAnswer(answer, 401, `${when}, GET /api/me`)
  must(
    challengeOf(answer).includes('error="invalid_token"'),
    `${when}, WWW-Authenticate doesn't say error="invalid_token"`,
  )
  must(answer.body.error === 'invalid_token', `${when}, the JSON body doesn't say invalid_token`)
}
