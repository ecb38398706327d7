import { setTimeout as sleep } from 'node:timers/promises'
import { basic, type Fields, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import type { FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { Gate } from '@oauth-lab/shared/testing/hooks.ts'
import {
  ALL_SCOPES,
  AS_API,
  AS_WORKER,
  codeOf,
  expectFound,
  expectInvalid,
  expectUnavailable,
  loginForApi,
  PATHS,
  RESOURCES,
  tokenOf,
  workerToken,
} from '../api-checks.ts'
import {
  answered,
  type CheckDriver,
  expectAnswer,
  expectRejected,
  must,
  OTHER_CLIENT,
  type Stage,
  saw,
  textOf,
  WORKER,
} from '../check-stage.ts'
import { within } from '../patience.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { hangUp, ok, randomValue, type StandInAnswer, USER } from '../stand-in.ts'
import { API } from '../token-request-rules.ts'
import { openProfile } from '../v05/checks.ts'
import { BOTH, openEmail } from '../v06/checks.ts'

const INTROSPECT = 'server/routes/introspect.ts'

const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials']
/** How long a correct API may wait for the server, in milliseconds. */
const API_LIMIT = 6_000
/** How long an API may take to notice that its time is over, in milliseconds, on an idle machine. */
const NOTICE = 2_000

export const settings: CheckSettings = { scopes: ['profile', 'email'] }

export const sentences: Sentence[] = [
  {
    id: 'logins-still',
    text: 'lab-client, other-client and the worker still get tokens, and lab-client can revoke its own',
    file: 'server/routes/token.ts',
    async probe({ server }) {
      const { access_token, refresh_token } = await server.tokens({ scope: BOTH })
      expectAnswer(await server.refresh(refresh_token), 200, 'a refresh token')
      await workerToken(server, 'server/grants/client-credentials.ts')
      for (const token of [access_token, randomValue()]) {
        expectAnswer(await server.post('/revoke', { token }), 200, 'POST /revoke')
      }
    },
  },
  {
    id: 'api-listens',
    text: 'The API is a program of its own, with /api/me, /api/email and /api/stats: they ask for a token, and accept no unknown one',
    file: 'api/app.ts',
    async probe(stage) {
      for (const path of PATHS) {
        // Whether it asks the server, and what, is a matter of other checks.
        stage.reset()
        const bare = await stage.server.me(undefined, path)
        const without = `GET ${path} without a token`
        must(bare.status !== 404, `the API has no GET ${path}`)
        if (hasAsked(stage)) continue
        must(bare.status === 401, `at the API, ${without} returns ${bare.status}, not 401`)
        const challenge = bare.headers['www-authenticate']
        must(
          challenge === 'Bearer realm="oauth-lab"',
          `at the API, ${without} gets 401 and ${challenge === undefined ? 'no WWW-Authenticate' : `WWW-Authenticate: ${challenge}`}, not the bare challenge Bearer realm="oauth-lab"`,
          'api/bearer-auth.ts',
        )
        const unknown = await askApi(stage, path)
        const isTold = unknown.status === 401 && unknown.body.error === 'invalid_token'
        must(
          isTold || hasAsked(stage),
          `at the API, GET ${path} with an unknown token returns ${answered(unknown.status, unknown.body)}, not 401 invalid_token`,
        )
      }
      stage.expectOwnCode('api')
      stage.expectScript('api')
    },
  },
  {
    id: 'server-without-api',
    text: 'The server has no API any more: 404 at all three addresses',
    file: 'server/app.ts',
    async probe({ server }) {
      for (const path of PATHS) {
        const { status } = await server.me(undefined, path)
        must(status === 404, `at the server, GET ${path} returns ${status}, not 404`)
      }
    },
  },
  {
    id: 'client-asks-api',
    text: 'The client gets the user name and the email address from the API',
    file: 'client/api.ts',
    async probe(stage) {
      const { standIn } = stage
      const browser = stage.browser()
      const end = await stage.login(browser, '/login?for=email')
      for (const [path, page, shown] of [
        ['/api/email', end, USER.email],
        ['/api/email', await openEmail(stage, browser), USER.email],
        ['/api/me', await openProfile(stage, browser), USER.username],
      ] as const) {
        expectAsksApi(standIn.notFound, 'client')
        must(
          page.status === 200 && textOf(page).includes(shown),
          `when the API says "${shown}" at ${path}, the client's page returns ${page.status}${page.status === 200 ? ' without it' : ''}`,
        )
      }
    },
  },
  {
    id: 'client-502',
    text: 'When the API says 503, the client shows a 502 page, and keeps its tokens',
    file: 'client/api.ts',
    needs: ['client-asks-api'],
    async probe(stage) {
      const { standIn } = stage
      const browser = stage.browser()
      await stage.login(browser, '/login?for=email')
      const before = standIn.tokenRequests.length
      standIn.onResource = () => ({ status: 503, headers: { 'retry-after': '5' }, body: {} })
      for (const [path, page] of [
        ['/profile', await openProfile(stage, browser)],
        ['/email', await openEmail(stage, browser)],
      ] as const) {
        must(page.status === 502, `when the API says 503, GET ${path} returns ${page.status}`)
      }
      must(
        standIn.tokenRequests.length === before,
        'when the API says 503, the client sends a token request, but nothing is wrong with its token',
      )
      standIn.onResource = (authorization, path) => standIn.user(authorization, path)
      const { status } = await openProfile(stage, browser)
      must(status === 200, `after a 503 of the API, GET /profile returns ${status}`)
    },
  },
  {
    id: 'worker-asks-api',
    text: 'The worker gets its token from the server, and the number of users from the API',
    file: 'worker/count-users.ts',
    async probe(stage) {
      const token = randomValue()
      let sent: string | undefined
      let wrong: string | undefined
      const run = await stage.runWorker(({ target, to, authorization }) => {
        if (to === 'server' && target === 'POST /token') {
          return ok({ access_token: token, token_type: 'Bearer', expires_in: 300 })
        }
        if (to === 'api' && target === 'GET /api/stats') {
          sent = authorization
          return ok({ users: 7 })
        }
        wrong = target
        return { status: 404, body: { error: 'not_found' } }
      })
      expectAsksApi(wrong, 'worker')
      const { message, place } = stage.explainFailure(run)
      must(message === undefined, `the worker fails: ${message}`, place)
      must(
        sent === `Bearer ${token}`,
        'the worker sends GET /api/stats without its access token in "Authorization: Bearer"',
      )
      must(
        run.output === '7 users\n',
        `when the API says that there are 7 users, the worker prints ${JSON.stringify(run.output)}`,
      )
      stage.expectOwnCode('worker')
    },
  },
  {
    id: 'introspect-login',
    text: 'POST /introspect wants a client and its secret, and knows the API (API_ID and API_SECRET)',
    file: 'server/routes/introspect.ts',
    async probe({ server }) {
      const token = await tokenOf(server)
      const form = { token }
      const inBody = { client_id: API.id, client_secret: API.secret }
      const right: [what: string, form: FormFields, headers: Fields][] = [
        ['the name and secret of the API', form, AS_API],
        ['the name and secret of the API in the body', { ...form, ...inBody }, NOBODY],
      ]
      const wrong: [what: string, form: FormFields, headers: Fields][] = [
        ['no credentials', form, NOBODY],
        ['a wrong secret', form, { authorization: basic(API.id, 'wrong') }],
        ['the name of the API alone', { ...form, client_id: API.id }, NOBODY],
        ["a user's name and password", form, { authorization: basic('user0', 'password0') }],
        ['an access token', form, { authorization: `Bearer ${token}` }],
        ['a wrong secret and no token', {}, { authorization: basic(API.id, 'wrong') }],
      ]
      for (const [what, sent, headers] of wrong) {
        const answer = await introspect(server, sent, headers)
        must(answer.status !== 404, 'the server has no POST /introspect')
        // Without the handler of the token endpoint, an OAuthError gets the default response.
        must(
          answer.status !== 400 || sent.token === undefined,
          `POST /introspect with ${what} gets ${answered(400, answer.body)}, not 401 invalid_client. An error handler is only for its own plugin: register the route inside that of POST /token`,
          'server/routes/token.ts',
        )
        expectError(answer, '401 invalid_client', what)
        must(
          /^basic /i.test(String(answer.headers['www-authenticate'])),
          `POST /introspect with ${what} gets 401 without WWW-Authenticate: Basic`,
        )
      }
      for (const [what, sent, headers] of right) {
        const { status, body } = await introspect(server, sent, headers)
        must(
          status === 200,
          `POST /introspect with ${what} gets ${answered(status, body)}`,
          body.error === 'invalid_client' ? 'server/clients.ts' : INTROSPECT,
        )
      }
    },
  },
  {
    id: 'introspect-errors',
    text: 'Without exactly one token it gets invalid_request, and 405 and 413 are those of /token',
    file: 'server/routes/introspect.ts',
    needs: ['introspect-login'],
    async probe({ server }) {
      const token = await tokenOf(server)
      const wrong: [what: string, form: FormFields][] = [
        ['no token', {}],
        ['an empty token', { token: '' }],
        ['two tokens', { token: [token, 'x'] }],
        ['the same token twice', { token: [token, token] }],
      ]
      for (const [what, form] of wrong) {
        expectError(await introspect(server, form), '400 invalid_request', what)
      }
      const raw: [what: string, body: string, type: string | undefined][] = [
        ['a token not in UTF-8', 'token=%FF', 'application/x-www-form-urlencoded'],
        ['JSON', JSON.stringify({ token }), 'application/json'],
        ['no body', '', undefined],
      ]
      for (const [what, body, type] of raw) {
        const answer = await introspect(server, body, { ...AS_API, 'content-type': type })
        expectError(answer, '400 invalid_request', what)
      }
      const large = await introspect(server, { token: 'x'.repeat(20_000) })
      expectError(large, '413 invalid_request', 'a body over 16 KiB')
      const get = await server.browser().open(`${server.serverUrl}/introspect?token=${token}`, {
        headers: AS_API,
      })
      must(
        get.status === 405 && /json/.test(String(get.headers['content-type'])),
        `GET /introspect gets ${get.status}, and not 405 in JSON`,
      )
      const hint = await introspect(server, { token, token_type_hint: 'nonsense', else: 'x' })
      must(
        hint.status === 200,
        `POST /introspect with token_type_hint=nonsense gets ${answered(hint.status, hint.body)}: a hint may be anything`,
      )
    },
  },
  {
    id: 'api-gets-no-token',
    text: 'The API is registered for no grant: it gets no token, and no one can log in to it',
    file: 'server/clients.ts',
    needs: ['introspect-login'],
    async probe(stage) {
      const { server } = stage
      const code = await server.code()
      const { refresh_token } = await server.tokens()
      const forms: FormFields[] = GRANT_TYPES.map((grant_type) => ({ grant_type }))
      for (const form of [...forms, { grant_type: 'refresh_token', refresh_token }]) {
        const { status, body } = await server.token(form, AS_API)
        must(
          status === 400 && body.error === 'unauthorized_client',
          `grant_type=${form.grant_type} of the API gets ${answered(status, body)}, not 400 unauthorized_client`,
        )
      }
      await server.redeem(code, {}, AS_API)
      expectAnswer(await server.redeem(code), 200, 'a code that the API tried before')
      for (const redirect_uri of [stage.redirectUri, undefined, stage.apiUrl]) {
        const page = await server.authorize({ client_id: API.id, redirect_uri })
        must(
          page.status === 400 && page.location === undefined,
          `an authorization request of the API with redirect_uri=${redirect_uri} gets no 400 page: ${saw(page)}`,
        )
      }
    },
  },
  {
    id: 'introspect-user',
    text: "The API learns what a user's access token stands for, in these nine fields",
    file: 'server/routes/introspect.ts',
    needs: ['introspect-login'],
    async probe(stage) {
      const { server } = stage
      for (const user of ['user0', 'user1']) {
        const { body: tokens } = await server.redeem(await codeOf(stage, user))
        const answer = await introspect(server, { token: String(tokens.access_token) })
        expectActive(answer, stage, "a user's access token", {
          scope: BOTH,
          client_id: 'lab-client',
          sub: user,
        })
        const form = { token: String(tokens.access_token), token_type_hint: 'refresh_token' }
        const { body: hinted } = await introspect(server, form)
        must(
          hinted.active === true,
          `about an access token with token_type_hint=refresh_token, POST /introspect says ${JSON.stringify(hinted)}: a hint may be wrong (RFC 7662 section 2.1)`,
        )
        must(
          answer.headers['cache-control'] === 'no-store',
          'the response of POST /introspect may be cached: it has no Cache-Control: no-store',
        )
      }
    },
  },
  {
    id: 'introspect-program',
    text: 'A token of the worker stands for the worker: its name is client_id and sub',
    file: 'server/routes/introspect.ts',
    needs: ['introspect-user'],
    async probe(stage) {
      const token = await workerToken(stage.server, 'server/grants/client-credentials.ts')
      expectActive(await introspect(stage.server, { token }), stage, "the worker's access token", {
        scope: 'stats:read',
        client_id: WORKER.id,
        sub: WORKER.id,
      })
    },
  },
  {
    id: 'introspect-scope',
    text: 'scope is what the token covers, which may be less than the user allowed',
    file: 'server/routes/introspect.ts',
    needs: ['introspect-user'],
    async probe(stage) {
      const { server } = stage
      const { refresh_token } = await server.tokens({ scope: BOTH })
      const form = { grant_type: 'refresh_token', refresh_token, scope: 'email' }
      const { body: narrow } = await server.token(form)
      const token = String(narrow.access_token)
      expectActive(await introspect(server, { token }), stage, 'a token for email alone', {
        scope: 'email',
        client_id: 'lab-client',
        sub: 'user0',
      })
    },
  },
  {
    id: 'introspect-times',
    text: 'iat is when the token was issued, rounded down to a second, and exp when it expires, rounded up',
    file: 'server/routes/introspect.ts',
    needs: ['introspect-user'],
    async probe({ server }) {
      const before = Date.now()
      const issued = [await tokenAnswer(server), await tokenAnswer(server)]
      const after = Date.now()
      // From here on, the time now isn't the time of issue.
      while (Math.floor(Date.now() / 1000) === Math.floor(after / 1000)) {
        await sleep(1000 - (Date.now() % 1000))
      }
      const lengths: number[] = []
      const lifetime = Number(issued[0]?.expires_in)
      for (const { access_token } of issued) {
        const { body } = await introspect(server, { token: String(access_token) })
        const { iat, exp } = body as { iat: unknown; exp: unknown }
        for (const [name, value, first, last] of [
          ['iat', iat, Math.floor(before / 1000), Math.floor(after / 1000)],
          ['exp', exp, before / 1000 + lifetime - 1, Math.ceil(after / 1000 + lifetime)],
        ] as const) {
          must(
            Number.isInteger(value),
            `${name} is ${JSON.stringify(value)}, not whole seconds`,
            INTROSPECT,
          )
          must(
            Number(value) >= first && Number(value) <= last,
            `${name} is ${offset(Number(value), name === 'iat' ? before : before + lifetime * 1000)} the time when the token ${name === 'iat' ? 'was issued' : 'expires'}`,
            name === 'iat' && Number(value) < first ? 'server/tokens.ts' : INTROSPECT,
          )
        }
        lengths.push(Number(exp) - Number(iat))
      }
      // Two tokens aren't both issued at the very millisecond at which a second starts.
      must(
        lengths.includes(lifetime + 1),
        `exp is never more than ${lifetime} seconds after iat, though a token is rarely issued on a full second: round iat down and exp up`,
        INTROSPECT,
      )
    },
  },
  {
    id: 'inactive',
    text: 'About a string that is no token, the API gets {"active":false} and nothing else',
    file: 'server/routes/introspect.ts',
    needs: ['introspect-user'],
    async probe({ server }) {
      const token = await tokenOf(server)
      const near = [`${token}x`, token.slice(1), token.toLowerCase()]
      for (const one of [randomValue(), 'x', 'user0', '__proto__', '\u0000', ...near]) {
        expectInactive(await introspect(server, { token: one }), 'an unknown token')
      }
    },
  },
  {
    id: 'inactive-kinds',
    text: 'The same about a refresh token, a code, and an access token that has ended; and none of them is used up',
    file: 'server/routes/introspect.ts',
    needs: ['inactive'],
    async probe({ server }) {
      const code = await server.code()
      expectInactive(await introspect(server, { token: code }), 'a code')
      expectAnswer(await server.redeem(code), 200, 'a code that the API asked about')
      const { refresh_token } = await server.tokens()
      expectInactive(await introspect(server, { token: refresh_token }), 'a refresh token')
      const answer = await server.refresh(refresh_token)
      expectAnswer(answer, 200, 'a refresh token that the API asked about')

      const revoked = await tokenOf(server)
      await server.post('/revoke', { token: revoked })
      expectInactive(await introspect(server, { token: revoked }), 'a revoked access token')
      const ended = await server.tokens()
      await server.post('/revoke', { token: ended.refresh_token })
      expectInactive(
        await introspect(server, { token: ended.access_token }),
        'an access token whose login was ended',
      )
    },
  },
  {
    id: 'other-clients',
    text: 'Every client but the API gets {"active":false}, about any token, even its own',
    file: 'server/routes/introspect.ts',
    needs: ['inactive'],
    async probe({ server }) {
      const { access_token, refresh_token } = await server.tokens({ scope: BOTH })
      const tokens = [
        access_token,
        await workerToken(server, 'server/grants/client-credentials.ts'),
        refresh_token,
        randomValue(),
      ]
      for (const [who, headers] of Object.entries({
        'lab-client': {},
        'other-client': OTHER_CLIENT,
        'the worker': AS_WORKER,
      })) {
        for (const token of tokens) {
          expectInactive(await introspect(server, { token }, headers), `a token, from ${who},`)
        }
      }
    },
  },
  {
    id: 'api-asks',
    text: 'The API sends each token to POST /introspect with its own name and secret, and answers what the token is for',
    file: 'api/introspection.ts',
    needs: ['api-listens'],
    async probe(stage) {
      const { standIn } = stage
      for (const [path, sub, expected] of [
        ['/api/me', 'user0', { user_id: 'user0', username: 'User Number 0' }],
        ['/api/email', 'user0', { email: 'user0@oauth-lab.me' }],
        ['/api/stats', WORKER.id, { users: 2 }],
        ['/api/me', 'user1', { user_id: 'user1', username: 'User Number 1' }],
        ['/api/email', 'user1', { email: 'user1@oauth-lab.me' }],
      ] as const) {
        standIn.introspections = []
        const token = randomValue()
        says(stage, { sub })
        const answer = await askApi(stage, path, token)
        const { refusedIntrospection: refusal, notFound, introspections } = standIn
        const returns = `GET ${path} returns ${answered(answer.status, answer.body)}`
        must(
          refusal === undefined,
          `the server rejects the API's introspection request with ${refusal?.error}: ${refusal?.reason}`,
        )
        must(
          notFound === undefined,
          `the API sends ${notFound} to the server, which has no such address`,
        )
        must(introspections.length > 0, `the API doesn't ask the server: ${returns}`)
        must(
          introspections.length === 1,
          `for one request, the API asks the server ${introspections.length} times`,
        )
        must(
          introspections[0]?.form.get('token') === token,
          "the API asks about another token than the one in the client's request",
        )
        must(
          answer.status === 200,
          `when the server says that the token works, with no other fields than active, sub, scope, aud and iss, ${returns}`,
        )
        must(
          JSON.stringify(answer.body) === JSON.stringify(expected),
          `about a token of ${sub}, GET ${path} returns ${JSON.stringify(answer.body)}, not ${JSON.stringify(expected)}`,
          'api/routes/me.ts',
        )
      }
    },
  },
  {
    id: 'api-ended',
    text: 'The API remembers nothing: it asks each time, and a token that has ended is rejected at once',
    file: 'api/introspection.ts',
    needs: ['api-asks'],
    async probe(stage) {
      const token = randomValue()
      for (const [active, path] of [
        [true, '/api/me'],
        [false, '/api/me'],
        [true, '/api/me'],
        [true, '/api/email'],
        [false, '/api/email'],
        [false, '/api/stats'],
      ] as const) {
        says(stage, { active })
        const before = stage.standIn.introspections.length
        const answer = await askApi(stage, path, token)
        const when = `when the server says {"active":${active}}${active ? '' : ' about a token that worked before'},`
        if (active) expectFound(answer, path, when)
        else expectInvalid(answer, path, when)
        must(
          stage.standIn.introspections.length === before + 1,
          `the second time, the API doesn't ask about a token`,
        )
      }
      stage.standIn.onIntrospect = () => ok({ active: false })
      expectInvalid(await askApi(stage), '/api/me', 'when the server says {"active":false} alone,')
    },
  },
  {
    id: 'api-audience',
    text: "It accepts a token only if its own address is in aud, and iss is the server's",
    file: 'api/introspection.ts',
    needs: ['api-asks'],
    async probe(stage) {
      const { apiUrl } = stage
      const other = 'http://localhost:25999'
      const iss = stage.standIn.url
      for (const changes of [{ aud: [other, apiUrl] }, { aud: [apiUrl] }]) {
        says(stage, changes)
        expectFound(await askApi(stage), '/api/me', `when ${told(changes)},`)
      }
      for (const changes of [
        { aud: other },
        { aud: [other] },
        { aud: undefined },
        { aud: [] },
        { aud: `${apiUrl}/` },
        { aud: `${apiUrl}0` },
        { aud: apiUrl.slice(0, -1) },
        { aud: [`${apiUrl}.example`] },
        { iss: other },
        { iss: undefined },
        { iss: `${iss}/` },
        { iss: apiUrl },
      ]) {
        says(stage, changes)
        expectInvalid(await askApi(stage), '/api/me', `when ${told(changes)},`)
      }
    },
  },
  {
    id: 'api-scope',
    text: 'It answers only what scope covers: for anything else, 403 insufficient_scope',
    file: 'api/introspection.ts',
    needs: ['api-asks'],
    async probe(stage) {
      for (const scope of [...Object.values(RESOURCES), BOTH, 'profiles stats Email', undefined]) {
        says(stage, { scope })
        for (const [path, needed] of Object.entries(RESOURCES)) {
          const { status, body, headers } = await askApi(stage, path)
          const covers = scope?.split(' ').includes(needed) === true
          const when = `when ${told({ scope })}, GET ${path} returns ${answered(status, body)}`
          if (covers) {
            must(status === 200, when)
            continue
          }
          must(
            status === 403 && body.error === 'insufficient_scope',
            `${when}, not 403 insufficient_scope`,
          )
          must(
            String(headers['www-authenticate']).includes(`scope="${needed}"`),
            `${when}, and WWW-Authenticate doesn't have scope="${needed}"`,
            'api/bearer-auth.ts',
          )
        }
      }
    },
  },
  {
    id: 'api-no-user',
    text: 'Without a user in sub, it answers only what belongs to no user',
    file: 'api/routes/me.ts',
    needs: ['api-asks'],
    async probe(stage) {
      for (const sub of [WORKER.id, 'nobody', 'USER0', '', '__proto__', undefined]) {
        for (const others of [{}, { username: 'user0', client_id: 'user0' }]) {
          says(stage, { sub, ...others })
          const when = `when ${told({ sub, ...others })},`
          for (const path of ['/api/me', '/api/email']) {
            expectInvalid(
              await askApi(stage, path),
              path,
              when,
              'username' in others ? 'api/introspection.ts' : 'api/routes/me.ts',
            )
          }
          expectFound(await askApi(stage, '/api/stats'), '/api/stats', when, 'api/introspection.ts')
        }
      }
    },
  },
  {
    id: 'api-no-question',
    text: "It doesn't ask about what can't be a token",
    file: 'api/introspection.ts',
    needs: ['api-asks'],
    async probe(stage) {
      const odd = '-._~+/09azAZ=='
      says(stage)
      expectFound(await askApi(stage, '/api/me', odd), '/api/me', `with the token ${odd},`)
      must(
        stage.standIn.introspections[0]?.form.get('token') === odd,
        `with the token ${odd}, the API asks about another one: encode it`,
      )
      stage.standIn.introspections = []
      const large = '/'.repeat(6_000)
      for (const token of ['', 'a b', 'a,b', '"ab"', 'a%20b', 'a&b', 'caf\u00e9', large]) {
        const answer = await askApi(stage, '/api/me', token)
        const with_ =
          token === '' ? 'with an empty token,' : `with the token ${token.slice(0, 20)},`
        must(
          token !== large || stage.standIn.introspections.length === 0,
          'with a token of 6000 slashes, the API asks the server: its form is larger than the 16 KiB that a server reads, so the API says 503 about a token that is none',
        )
        must(
          stage.standIn.introspections.length === 0,
          `${with_} the API asks the server: no token has such characters (RFC 6750 section 2.1)`,
        )
        expectInvalid(answer, '/api/me', with_)
      }
      for (const authorization of [undefined, 'Bearer', AS_WORKER.authorization]) {
        const { status } = await stage.server.me(authorization)
        const { length } = stage.standIn.introspections
        must(
          status === 401 && length === 0,
          `with ${authorization ? `Authorization: ${authorization}` : 'no Authorization'}, GET /api/me returns ${status}${length > 0 ? ', and the API asks the server' : ''}`,
        )
      }
    },
  },
  {
    id: 'together',
    text: 'Everything together: your client and your worker get from your API what the user allowed, until the token is revoked',
    on: 'both',
    file: 'api/main.ts',
    async probe(stage) {
      const { server } = stage
      const sent = await loginForApi(stage, 'server/grants/client-credentials.ts')
      const old = await server.browser().open(`${server.serverUrl}/api/me`)
      must(old.status === 404, 'your server still has an API of its own', 'server/app.ts')
      const open = await server.me(`Bearer ${sent.access_token}`)
      expectFound(open, '/api/me', "with a user's token,")
      await server.post('/revoke', { token: sent.access_token })
      const shut = await server.me(`Bearer ${sent.access_token}`)
      expectInvalid(shut, '/api/me', 'after POST /revoke,')
    },
  },
  {
    id: 'api-away',
    text: "When the server doesn't respond, the API says 503 with Retry-After and a reason, and no challenge",
    file: 'api/bearer-auth.ts',
    needs: ['api-asks'],
    async probe(stage) {
      stage.standIn.onIntrospect = hangUp
      for (const path of PATHS) {
        expectUnavailable(await askApi(stage, path), path, 'the server hangs up')
      }
    },
  },
  {
    id: 'api-in-time',
    text: 'It waits for the server for five seconds, not for ever',
    file: 'api/introspection.ts',
    needs: ['api-back'],
    async probe(stage) {
      says(stage, {}, () => stage.passTime(4_000))
      const slow = await askApi(stage)
      expectFound(slow, '/api/me', 'when the server responds after 4 seconds,')
      const given = new Gate()
      says(stage, {}, async () => {
        await stage.passTime(API_LIMIT)
        // An API that waits on gets a response in the end, so that no check hangs.
        await within(NOTICE, given.opened)
      })
      const answer = await askApi(stage)
      given.open()
      const when = `the server takes longer than ${API_LIMIT / 1000} seconds`
      must(answer.status !== 200, `when ${when}, the API still waits for it`)
      expectUnavailable(answer, '/api/me', when)
    },
  },
  {
    id: 'api-nonsense',
    text: 'The same when the response of the server makes no sense, or rejects the API',
    file: 'api/introspection.ts',
    needs: ['api-away'],
    async probe(stage) {
      const active = activeAt(stage)
      const nonsense: [when: string, answer: StandInAnswer][] = [
        ["the server rejects the API's secret", { status: 401, body: { error: 'invalid_client' } }],
        ['the server forbids it', { status: 403, body: '' }],
        ['the server has no /introspect', { status: 404, body: { error: 'invalid_request' } }],
        ['the server breaks', { status: 500, body: { error: 'server_error' } }],
        ['the server breaks, and still says active', { status: 500, body: active }],
        ['the server says active with status 202', { status: 202, body: active }],
        ['the server says inactive with status 400', { status: 400, body: { active: false } }],
        ['the server is unavailable, too', { status: 503, body: {} }],
        ['the server sends a page', { status: 200, body: '<h1>Hi</h1>' }],
        ['the server sends {}', ok({})],
        ['the server sends active as a text', ok({ ...active, active: 'true' })],
        ['the server sends active as 1', ok({ ...active, active: 1 })],
        ['the server sends active as null', ok({ ...active, active: null })],
        ['the server sends a scope that is no text', ok({ ...active, scope: ['profile'] })],
        ['the server sends a sub that is no text', ok({ ...active, sub: ['user0'] })],
        ['the server redirects', { status: 307, headers: { location: '/introspect' }, body: {} }],
      ]
      for (const [when, answer] of nonsense) {
        stage.standIn.onIntrospect = () => answer
        expectUnavailable(await askApi(stage), '/api/me', when)
      }
    },
  },
  {
    id: 'api-back',
    text: 'When the server is back, the next request works',
    file: 'api/introspection.ts',
    needs: ['api-ended', 'api-away'],
    async probe(stage) {
      const token = randomValue()
      for (let trouble = 0; trouble < 3; trouble += 1) {
        stage.standIn.onIntrospect = hangUp
        const away = await askApi(stage, '/api/me', token)
        must(away.status === 503, `when the server hangs up, GET /api/me returns ${away.status}`)
        says(stage)
        const back = await askApi(stage, '/api/me', token)
        expectFound(back, '/api/me', 'after a 503, when the server is back,')
      }
    },
  },
]

const NOBODY = { authorization: undefined }

/** Asks the server about a token, as the API unless headers say otherwise. */
function introspect(
  server: CheckDriver,
  form: FormFields | string,
  headers: Fields = AS_API,
): Promise<JsonAnswer> {
  return server.post('/introspect', form, headers)
}

async function tokenAnswer(server: CheckDriver): Promise<JsonAnswer['body']> {
  return (await server.redeem(await server.code())).body
}

/** Whether the API has sent the server anything during this check. */
function hasAsked({ standIn }: Stage): boolean {
  return standIn.introspections.length > 0 || standIn.notFound !== undefined
}

/** Sends a token to a resource of the API. */
function askApi({ server }: Stage, path = '/api/me', token = randomValue()): Promise<JsonAnswer> {
  return server.me(`Bearer ${token}`, path)
}

/** What a server says about a token of user0 that is for this API and covers everything. */
function activeAt({ apiUrl, standIn }: Stage): Record<string, unknown> {
  return { active: true, sub: 'user0', scope: ALL_SCOPES, aud: apiUrl, iss: standIn.url }
}

/** From now on the stand-in says this about every token, except for what is changed, after something. */
function says(
  stage: Stage,
  changes: Record<string, unknown> = {},
  first = async (): Promise<void> => undefined,
): void {
  const answer = ok({ ...activeAt(stage), ...changes })
  stage.standIn.onIntrospect = async () => {
    await first()
    return answer
  }
}

/** What the server says about a token, in words. */
function told(changes: Record<string, unknown>): string {
  return Object.entries(changes)
    .map(([name, value]) =>
      value === undefined
        ? `the server sends no ${name}`
        : `the server sends ${JSON.stringify(name)}:${JSON.stringify(value)}`,
    )
    .join(' and ')
}

/** @throws {NotYet} if a program sent a request for the API to the server */
function expectAsksApi(wrong: string | undefined, program: string): void {
  must(
    wrong === undefined || !/^GET \/api\//.test(wrong),
    `the ${program} sends ${wrong} to the server, not to the API (API_URL)`,
  )
  must(wrong === undefined, `the ${program} sends ${wrong}, but nothing is there`)
}

/** @throws {NotYet} unless the server says this about a token that works */
function expectActive(
  { status, body }: JsonAnswer,
  stage: Stage,
  what: string,
  expected: Record<string, string>,
): void {
  must(
    status === 200 && body.active === true,
    `about ${what}, POST /introspect says ${status === 200 ? JSON.stringify(body) : answered(status, body)}`,
  )
  const addresses = { aud: stage.apiUrl, iss: stage.server.serverUrl }
  const fields: Record<string, string> = { ...expected, token_type: 'Bearer', ...addresses }
  for (const [name, value] of Object.entries(fields)) {
    must(
      body[name] === value,
      `about ${what}, ${name} is ${JSON.stringify(body[name]) ?? 'missing'}, not ${JSON.stringify(value)}`,
    )
  }
  const known = ['active', 'iat', 'exp', ...Object.keys(fields)]
  const missing = known.find((name) => !(name in body))
  must(missing === undefined, `about ${what}, ${missing} is missing`)
  const more = Object.keys(body).find((name) => !known.includes(name))
  must(more === undefined, `about ${what}, the response has ${more}, too`)
}

/** @throws {NotYet} unless the server says that a token doesn't work, and nothing else */
function expectInactive({ status, body }: JsonAnswer, what: string): void {
  const said = status === 200 ? JSON.stringify(body) : answered(status, body)
  must(
    status === 200 && said === '{"active":false}',
    `about ${what} POST /introspect says ${said}, not {"active":false} with status 200`,
  )
}

/** @throws {NotYet} unless an introspection request is rejected with this status and error */
function expectError(answer: JsonAnswer, wanted: `${number} ${string}`, what: string): void {
  expectRejected(answer, wanted, `POST /introspect with ${what}`)
}

/** How far a time in seconds is from one in milliseconds, in words. */
function offset(seconds: number, time: number): string {
  const distance = Math.round(seconds - time / 1000)
  return `${Math.abs(distance)} seconds ${distance < 0 ? 'before' : 'after'}`
}
