import { setTimeout as sleep } from 'node:timers/promises'
import { html } from '@oauth-lab/shared/testing/browser.ts'
import { basic, type Fields } from '@oauth-lab/shared/testing/lab.ts'
import {
  answered,
  type CheckDriver,
  expectAnswer,
  expectRandom,
  hasLinkTo,
  leadsTo,
  must,
  OTHER_CLIENT,
  queryOf,
  saw,
  textOf,
} from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { randomValue } from '../stand-in.ts'

const OTHER_REDIRECT_URI = 'http://localhost:25009/callback?from=other'

/** Later versions must still do this. */
export const refusal: Sentence = {
  id: 'refusal',
  text: 'When the server rejects the code, the page shows the error code, with status 400',
  file: 'client/token-request.ts',
  async probe(stage) {
    const refusals = [
      { status: 400, error: 'invalid_grant' },
      { status: 401, error: 'invalid_client' },
    ]
    for (const { status, error } of refusals) {
      stage.standIn.onToken = () => ({ status, body: { error } })
      const page = await stage.login(stage.browser())
      const after = `after the server rejects the code with ${status} ${error}`
      expectAnswer(page, 400, `${after}, GET /callback`)
      must(textOf(page).includes(error), `${after}, the page doesn't show the error code`)
      must(hasLinkTo(page, '/login'), `${after}, the page has no link to start again at /login`)
    }
  },
}

export const loginShowsToken: Sentence = {
  id: 'together',
  text: 'Everything together: a login in a browser ends with a token on the page',
  on: 'both',
  file: 'client/routes/callback.ts',
  async probe(stage) {
    const page = await stage.loginAtServer(stage.browser(), 'user0')
    const code = new URL(page.url).searchParams.get('code')
    must(code !== null && textOf(page).includes(code), "the final page doesn't show the code")
  },
}

export const settings: CheckSettings = { short: { CODE_TTL: '0.4', ACCESS_TOKEN_TTL: '0.4' } }

export const sentences: Sentence[] = [
  {
    id: 'home',
    text: 'The start page of the client has a link to /login',
    file: 'client/routes/home.ts',
    async probe(stage) {
      const page = await stage.browser().open(stage.clientUrl)
      expectAnswer(page, 200, 'GET /')
      must(hasLinkTo(page, '/login'), 'no link of GET / leads to /login')
    },
  },
  {
    id: 'login',
    text: 'GET /login redirects the browser to the server with the three parameters of an authorization request',
    file: 'client/routes/login.ts',
    async probe(stage) {
      const sent = await stage.begin(stage.browser())
      const wanted = {
        response_type: 'code',
        client_id: 'lab-client',
        redirect_uri: stage.redirectUri,
      }
      for (const [name, value] of Object.entries(wanted)) {
        must(sent.has(name), `the redirect URL has no ${name}`)
        must(
          sent.get(name) === value,
          `${name} is ${JSON.stringify(sent.get(name))}, not ${JSON.stringify(value)}`,
        )
      }
    },
  },
  {
    id: 'login-without-secret',
    text: 'GET /login keeps the client secret out of the URL',
    file: 'client/routes/login.ts',
    async probe(stage) {
      const sent = await stage.begin(stage.browser())
      const values = [...sent.values()]
      must(
        !values.includes('lab-client-secret'),
        'the redirect URL contains the client secret, and anyone can read that URL',
      )
    },
  },
  {
    id: 'unknown-client',
    text: 'An unknown client, or a client_id given twice, gets an error page with 400 and no redirect',
    file: 'server/authorization-request.ts',
    async probe({ server }) {
      for (const client_id of ['nobody', undefined]) {
        const page = await server.authorize({ client_id })
        expectAnswer(page, 400, `with client_id ${client_id ?? 'left out'}, GET /authorize`)
      }
      const evil = server.authorizeUrl({ redirect_uri: 'http://localhost:25009/evil' })
      const twice = await server.browser().open(`${evil}&client_id=lab-client`)
      must(
        twice.status === 400,
        `with client_id given twice and an unregistered redirect_uri, ${saw(twice)}: catch only the errors of readParameters`,
      )
    },
  },
  {
    id: 'redirect-uri',
    text: 'A redirect URI that differs from the registered one in any character gets an error page with 400 and no redirect',
    file: 'server/authorization-request.ts',
    async probe({ server, redirectUri }) {
      const near = [
        'http://localhost:25009/evil',
        `${redirectUri}/`,
        `${redirectUri}?x=y`,
        redirectUri.replace('/callback', ''),
        redirectUri.replace('/callback', '/CALLBACK'),
        undefined,
      ]
      for (const redirect_uri of near) {
        const page = await server.authorize({ redirect_uri })
        expectAnswer(page, 400, `with redirect_uri ${redirect_uri ?? 'left out'}, GET /authorize`)
      }
    },
  },
  {
    id: 'login-form',
    text: 'GET /authorize shows a login form that posts to the same URL',
    file: 'server/routes/authorize.ts',
    async probe({ server }) {
      const page = await server.authorize()
      expectAnswer(page, 200, 'a valid request at GET /authorize')
      const form = html(page).querySelector('form')
      must(
        form?.getAttribute('method')?.toLowerCase() === 'post',
        'the page has no form with method="post"',
      )
      const inputs = form.querySelectorAll('input').map((input) => input.getAttribute('name'))
      for (const name of ['username', 'password']) {
        must(inputs.includes(name), `the form has no field ${name}`)
      }
      const action = new URL(form.getAttribute('action') || page.url, page.url)
      must(action.href === page.url, "the form doesn't post to its own URL, query included")
    },
  },
  {
    id: 'code',
    text: 'The right password sends the browser back to the client with a code, with status 303',
    file: 'server/routes/authorize.ts',
    async probe({ server, redirectUri }) {
      const page = await server.logIn()
      const file = page.location === undefined ? undefined : 'server/authorization-response.ts'
      expectAnswer(page, 303, 'the right password at POST /authorize', file)
      must(leadsTo(page, redirectUri), `the redirect goes somewhere else: ${saw(page)}`)
      must(queryOf(page).get('code'), 'the redirect URL has no code')
    },
  },
  {
    id: 'fresh-code',
    text: 'Each login gets its own code, which nobody can guess',
    file: 'server/routes/authorize.ts',
    needs: ['code'],
    async probe({ server }) {
      const codes = [await server.code(), await server.code()]
      expectRandom(codes, 'code', 'two logins got the same code')
    },
  },
  {
    id: 'redirect-query',
    text: 'A redirect URI with its own query keeps that query',
    file: 'server/authorization-response.ts',
    needs: ['code'],
    async probe({ server }) {
      const page = await server.logIn({
        client_id: 'other-client',
        redirect_uri: OTHER_REDIRECT_URI,
      })
      const query = queryOf(page)
      must(
        query.get('from') === 'other' && query.has('code'),
        `for ${OTHER_REDIRECT_URI}, ${saw(page)}`,
      )
    },
  },
  {
    id: 'wrong-password',
    text: 'A wrong password shows the form again, with 401',
    file: 'server/routes/authorize.ts',
    async probe({ server }) {
      const page = await server.logIn({}, 'wrong')
      expectAnswer(page, 401, 'a wrong password at POST /authorize')
      must(html(page).querySelector('form') !== null, 'the page has no form to try again')
      must(textOf(page) !== textOf(await server.authorize()), "the page doesn't say what was wrong")
      const body = { username: 'nobody', password: 'password0' }
      const unknown = await server.authorize({}, { method: 'POST', body })
      expectAnswer(unknown, 401, 'an unknown user name at POST /authorize')
      const empty = await server.authorize({}, { method: 'POST' })
      must(
        [400, 401].includes(empty.status),
        `POST /authorize returns ${empty.status} for a request without a form`,
      )
    },
  },
  {
    id: 'request-checked-again',
    text: "POST /authorize checks the request again and doesn't trust the form",
    file: 'server/routes/authorize.ts',
    async probe({ server }) {
      const page = await server.logIn({ redirect_uri: 'http://localhost:25009/evil' })
      must(
        page.status === 400,
        `the right password with an unregistered redirect_uri in the URL: ${saw(page)}`,
      )
    },
  },
  {
    id: 'error-redirect',
    text: 'Any other mistake in the request goes back to the client as a redirect with the error',
    file: 'server/routes/authorize.ts',
    async probe({ server, redirectUri }) {
      const wrong = [
        { response_type: 'token', error: 'unsupported_response_type' },
        { response_type: undefined, error: 'invalid_request' },
      ]
      for (const { response_type, error } of wrong) {
        const page = await server.authorize({ response_type })
        const what = `with response_type ${response_type ?? 'left out'}`
        must(leadsTo(page, redirectUri), `${what} the browser isn't sent back: ${saw(page)}`)
        must(
          queryOf(page).get('error') === error,
          `${what} the error should be ${error}, but is ${queryOf(page).get('error')}`,
        )
      }
    },
  },
  {
    id: 'callback-error',
    text: 'When the server sends an error, the callback shows a page with 400 and sends no token request',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const browser = stage.browser()
      const { state } = await stage.begin(browser)
      const page = await stage.answer(browser, { error: 'access_denied', code: 'a-code', state })
      expectAnswer(page, 400, 'GET /callback?error=access_denied')
      must(textOf(page).includes('access_denied'), "the page doesn't show the error code")
      must(hasLinkTo(page, '/login'), 'the page has no link to start again at /login')
      must(stage.standIn.tokenRequests.length === 0, 'the client still sent a token request')
    },
  },
  {
    id: 'callback-escapes',
    text: 'The callback shows values from its URL as text, never as HTML',
    file: 'client/routes/callback.ts',
    needs: ['callback-error'],
    async probe(stage) {
      const browser = stage.browser()
      const { state } = await stage.begin(browser)
      const markup = '<b id="planted">x</b>'
      const answer = { error: markup, error_description: markup, state }
      const page = await stage.answer(browser, answer)
      expectAnswer(page, 400, 'GET /callback with an error')
      must(
        html(page).querySelector('#planted') === null,
        "HTML in the parameter error isn't escaped: anyone can put a script there",
      )
    },
  },
  {
    id: 'callback-without-code',
    text: 'The callback returns 400 when its URL has neither an error nor a code',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const browser = stage.browser()
      const { state } = await stage.begin(browser)
      const page = await stage.answer(browser, { state })
      expectAnswer(page, 400, 'GET /callback without a code')
      must(stage.standIn.tokenRequests.length === 0, 'the client still sent a token request')
    },
  },
  {
    id: 'grant-type',
    text: 'POST /token rejects an unknown grant type (400 and unsupported_grant_type) and a missing one (invalid_request)',
    file: 'server/routes/token.ts',
    async probe({ server }) {
      const answer = await server.token({ grant_type: 'another' })
      must(
        answer.status !== 400 || answer.body.error !== 'invalid_request',
        'for grant_type=another, POST /token returns invalid_request. The route needs an error handler that sends the code of the OAuthError',
      )
      const what = 'POST /token with grant_type=another and the right secret'
      expectAnswer(answer, '400 unsupported_grant_type', what)
      const missing = await server.token({})
      expectAnswer(missing, '400 invalid_request', 'POST /token without grant_type')
    },
  },
  {
    id: 'wrong-secret',
    text: 'POST /token rejects a client with a wrong secret, or with none: 401 and invalid_client',
    file: 'server/client-auth.ts',
    needs: ['grant-type'],
    async probe({ server }) {
      const tries = {
        'a client with a wrong secret': { authorization: basic('lab-client', 'wrong') },
        'a client with a wrong name': { authorization: basic('nobody', '') },
        'a client with a wrong secret in the body': {
          client_id: 'lab-client',
          client_secret: 'wrong',
        },
        'a client without a secret': { client_id: 'lab-client' },
        'a request without a client': {},
      }
      for (const [who, credentials] of Object.entries<Fields>(tries)) {
        const { authorization, ...inBody } = credentials
        const form = { grant_type: 'another', code: 'x', ...inBody }
        const answer = await server.token(form, { authorization })
        const file = answer.body.error === 'invalid_client' ? 'server/routes/token.ts' : undefined
        expectAnswer(answer, '401 invalid_client', `${who} at POST /token`, file)
        must(
          /^Basic +realm=/i.test(String(answer.headers['www-authenticate'])),
          'WWW-Authenticate: Basic realm="..." is missing',
          'server/routes/token.ts',
        )
      }
    },
  },
  {
    id: 'secret-in-body',
    text: "POST /token also accepts the client's ID and secret in the body",
    file: 'server/client-auth.ts',
    needs: ['wrong-secret'],
    async probe({ server }) {
      for (const [client_secret, error] of [
        ['lab-client-secret', 'unsupported_grant_type'],
        ['wrong', 'invalid_client'],
      ] as const) {
        const form = { grant_type: 'another', client_id: 'lab-client', client_secret }
        const { status, body } = await server.token(form, { authorization: undefined })
        must(
          body.error === error,
          `with client_secret=${client_secret} in the body, POST /token returns ${answered(status, body)}, not ${error}`,
        )
      }
    },
  },
  {
    id: 'one-method',
    text: 'POST /token rejects a secret in the header and in the body at once: 400 and invalid_request',
    file: 'server/client-auth.ts',
    needs: ['grant-type'],
    async probe({ server }) {
      const form = { grant_type: 'another', client_secret: 'lab-client-secret' }
      const what = 'POST /token with the secret in the header and in the body'
      expectAnswer(await server.token(form), '400 invalid_request', what)
    },
  },
  {
    id: 'token',
    text: 'The server exchanges a code for an access token: token_type is Bearer, and expires_in is in seconds',
    file: 'server/grants/authorization-code.ts',
    needs: ['grant-type'],
    async probe({ server }) {
      const code = await server.code()
      // A code must live long enough to pass through a browser.
      await sleep(150)
      const answer = await server.redeem(code)
      const { status, body } = answer
      must(
        status === 200 || !(await worksAtOnce(server)),
        'a code works immediately, but not after 150 ms: CODE_TTL is in seconds',
        'server/routes/authorize.ts',
      )
      expectAnswer(answer, 200, 'a valid code at POST /token')
      must(
        typeof body.access_token === 'string' && body.access_token.length >= 22,
        'the response has no access_token that is long enough to be unguessable',
        'server/tokens.ts',
      )
      must(
        /^bearer$/i.test(String(body.token_type)),
        `token_type is ${body.token_type}`,
        'server/tokens.ts',
      )
      must(
        body.expires_in === 3600,
        `expires_in is ${body.expires_in}, but an hour has 3600 seconds`,
        'server/tokens.ts',
      )
    },
  },
  {
    id: 'code-once',
    text: 'A code works only once',
    file: 'server/grants/authorization-code.ts',
    needs: ['token'],
    async probe({ server }) {
      const code = await server.code()
      await server.redeem(code)
      const second = await server.redeem(code)
      expectAnswer(second, '400 invalid_grant', 'the second time, a code')
    },
  },
  {
    id: 'code-redirect-uri',
    text: 'A code works only with the redirect URI it was sent to, and a wrong one uses it up',
    file: 'server/grants/authorization-code.ts',
    needs: ['code-once'],
    async probe({ server }) {
      const code = await server.code()
      const other = await server.redeem(code, { redirect_uri: OTHER_REDIRECT_URI })
      expectAnswer(other, '400 invalid_grant', 'with a different redirect_uri, a code')
      const after = 'after a token request with a different redirect_uri, the code'
      expectAnswer(await server.redeem(code), 400, after)
      const without = await server.redeem(await server.code(), { redirect_uri: undefined })
      expectAnswer(without, 400, 'without a redirect_uri, a code')
    },
  },
  {
    id: 'code-client',
    text: 'A code works only for the client it was issued to',
    file: 'server/grants/authorization-code.ts',
    needs: ['token'],
    async probe({ server }) {
      const other = await server.redeem(await server.code(), {}, OTHER_CLIENT)
      expectAnswer(other, '400 invalid_grant', 'sent by another client, a code')
    },
  },
  {
    id: 'code-not-used-by-others',
    text: 'A code stays valid when another client tries to use it',
    file: 'server/grants/authorization-code.ts',
    needs: ['code-client'],
    async probe({ server }) {
      const code = await server.code()
      await server.redeem(code, {}, OTHER_CLIENT)
      const own = await server.redeem(code)
      expectAnswer(own, 200, 'after another client tried, the right client')
    },
  },
  {
    id: 'code-expires',
    text: 'A code expires after CODE_TTL seconds, and expires_in is ACCESS_TOKEN_TTL, rounded up',
    on: 'short server',
    file: 'server/routes/authorize.ts',
    needs: ['token'],
    async probe({ server }) {
      const early = await server.redeem(await server.code())
      // On a slow machine the code has expired before it is used.
      must(
        early.status !== 200 || early.body.expires_in === 1,
        `with ACCESS_TOKEN_TTL=0.4, expires_in is ${early.body.expires_in}, not 1`,
        'server/tokens.ts',
      )
      const code = await server.code()
      await sleep(500)
      const what = 'half a second after it was issued with CODE_TTL=0.4, a code'
      expectAnswer(await server.redeem(code), '400 invalid_grant', what)
    },
  },
  {
    id: 'exchange',
    text: 'The client exchanges the code at POST /token, with its own credentials and redirect URI',
    file: 'client/token-request.ts',
    async probe(stage) {
      await stage.login(stage.browser())
      const [asked] = stage.standIn.tokenRequests
      must(asked, 'GET /callback?code=... sends no request to POST /token')
    },
  },
  {
    id: 'result',
    text: 'After a login the page shows the code and the access token',
    file: 'client/routes/callback.ts',
    needs: ['exchange'],
    async probe(stage) {
      const code = `<b id="planted">${randomValue()}</b>`
      const browser = stage.browser()
      const { state } = await stage.begin(browser)
      const page = await stage.answer(browser, { code, state })
      stage.expectAccepted()
      expectAnswer(page, 200, 'GET /callback with a valid code')
      must(
        html(page).querySelector('#planted') === null,
        "HTML in the parameter code isn't escaped: anyone can put a script there",
        'client/views/callback.eta',
      )
      must(textOf(page).includes(code), "the page doesn't show the code")
      const token = stage.standIn.issued[0]?.access_token ?? 'none'
      must(textOf(page).includes(token), "the page doesn't show the access token")
      stage.standIn.onToken = () => stage.standIn.tokens({ expires_in: undefined })
      const without = await stage.login(stage.browser())
      const what = 'after a token response without expires_in, which is optional, GET /callback'
      expectAnswer(without, 200, what, 'client/token-request.ts')
    },
  },
  {
    id: 'nonsense',
    text: "When the server's response makes no sense, the status is 502",
    file: 'client/token-request.ts',
    needs: ['exchange'],
    async probe(stage) {
      const { standIn } = stage
      const nonsense = [
        { what: 'no JSON', answer: { status: 200, body: '<h1>Hello</h1>' } },
        { what: 'no access token', answer: { status: 200, body: { token_type: 'Bearer' } } },
        { what: 'a token of an unknown type', answer: standIn.tokens({ token_type: 'mac' }) },
        { what: 'an internal error', answer: { status: 500, body: { error: 'server_error' } } },
      ]
      for (const { what, answer } of nonsense) {
        standIn.onToken = () => answer
        const page = await stage.login(stage.browser())
        expectAnswer(page, 502, `when the server responds with ${what}, GET /callback`)
      }
    },
  },
  { ...refusal, needs: ['exchange'] },
  loginShowsToken,
]

/** Whether a code works if it's used at once. It tries again, because the machine may be slow. */
async function worksAtOnce(server: CheckDriver, tries = 5): Promise<boolean> {
  const { status } = await server.redeem(await server.code())
  return status === 200 || (tries > 1 && worksAtOnce(server, tries - 1))
}
