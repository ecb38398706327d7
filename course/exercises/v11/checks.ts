import { basic, type Fields, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import { encodeForm } from '@oauth-lab/shared/testing/exchange.ts'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { AS_WORKER, workerToken } from '../api-checks.ts'
import {
  answered,
  type CheckDriver,
  expectAnswer,
  expectRejected,
  expectTokens,
  must,
  OTHER_CLIENT,
  queryOf,
  type Stage,
  saw,
  textOf,
  WORKER,
} from '../check-stage.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { ok, randomValue, refused, type StandInAnswer } from '../stand-in.ts'
import { type Refusal, refusalOfWorker } from '../token-request-rules.ts'
import { BOTH, OTHER_REQUEST } from '../v06/checks.ts'
import type { AnswerWorker, WorkerRun } from '../worker-run.ts'

const CLIENTS = 'server/clients.ts'
const GRANT = 'server/grants/client-credentials.ts'

const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials']
/** Grant types that no server of the lab knows. */
const UNKNOWN = ['password', 'CLIENT_CREDENTIALS', 'implicit', '__proto__']
/** Those that act for users. */
const USER_CLIENTS = { 'lab-client': {}, 'other-client': OTHER_CLIENT }
const SENDERS = { ...USER_CLIENTS, 'the worker': AS_WORKER }
const SCOPE = 'stats:read'
const MORE = ['profile', 'email', 'profile email', `${SCOPE} profile`, 'stats:write', 'stats']
const MALFORMED = [`${SCOPE}  ${SCOPE}`, ` ${SCOPE}`, 'STATS:READ', '__proto__', '"\\']
/** How many users the stand-in has: not as many as a copy. */
const USERS = 7

/** Also for v14. */
export const loginsStill: Sentence = {
  id: 'logins-still',
  text: 'lab-client and other-client still get tokens for a code and for a refresh token',
  file: 'server/clients.ts',
  async probe({ server }) {
    const { redirect_uri } = OTHER_REQUEST
    for (const [who, headers, request, changes] of [
      ['lab-client', {}, {}, {}],
      ['other-client', OTHER_CLIENT, OTHER_REQUEST, { redirect_uri }],
    ] as const) {
      const login = await server.redeem(await server.code(request), changes, headers)
      const { refresh_token } = login.body
      expectTokens(login, `a code of ${who}`)
      expectTokens(
        await server.refresh(String(refresh_token), headers),
        `a refresh token of ${who}`,
      )
    }
  },
}

export const settings: CheckSettings = { scopes: ['profile', 'email'] }

export const sentences: Sentence[] = [
  loginsStill,
  {
    id: 'secret-only',
    text: "Without the worker's secret there is no token",
    file: 'server/routes/token.ts',
    async probe({ server }) {
      const senders: [what: string, headers: Fields, fields?: Fields][] = [
        ['a wrong secret', { authorization: basic(WORKER.id, 'wrong') }],
        ["lab-client's secret", { authorization: basic(WORKER.id, 'lab-client-secret') }],
        ['no credentials', { authorization: undefined }],
        ['a client_id alone', { authorization: undefined }, { client_id: WORKER.id }],
        ["a user's name and password", { authorization: basic('user0', 'password0') }],
      ]
      for (const [what, headers, fields] of senders) {
        for (const grant_type of GRANT_TYPES) {
          const answer = await server.token({ grant_type, ...fields }, headers)
          const request = `grant_type=${grant_type} with ${what}`
          expectRejected(answer, '401 invalid_client', request)
        }
      }
    },
  },
  {
    id: 'users-still',
    text: "A user's token still opens /api/me and /api/email",
    file: 'server/routes/me.ts',
    async probe({ server }) {
      const { access_token } = await server.tokens({ scope: BOTH })
      for (const [path, shown] of [
        ['/api/me', 'User Number 0'],
        ['/api/email', 'user0@oauth-lab.me'],
      ] as const) {
        const { status, body } = await server.me(`Bearer ${access_token}`, path)
        must(
          status === 200 && JSON.stringify(body).includes(shown),
          `GET ${path} with a user's token returns ${answered(status, body)}${status === 200 ? ` without "${shown}"` : ''}`,
        )
      }
    },
  },
  {
    id: 'no-login-for-stats',
    text: `A client of a user can't ask for ${SCOPE}`,
    file: 'server/clients.ts',
    async probe({ server }) {
      for (const [who, request] of [
        ['lab-client', {}],
        ['other-client', OTHER_REQUEST],
      ] as const) {
        for (const scope of [SCOPE, `profile ${SCOPE}`]) {
          const page = await server.authorize({ ...request, scope })
          must(
            queryOf(page).get('error') === 'invalid_scope',
            `${who} asks for scope=${scope}, and gets no invalid_scope: ${saw(page)}`,
          )
        }
      }
    },
  },
  {
    id: 'grant-registered',
    text: "A grant type that the client isn't registered for gets 400 and unauthorized_client",
    file: 'server/routes/token.ts',
    async probe({ server }) {
      const asked: [who: string, grant_type: string, answer: JsonAnswer][] = []
      for (const grant_type of ['authorization_code', 'refresh_token']) {
        const answer = await server.token({ grant_type }, AS_WORKER)
        asked.push(['the worker', grant_type, answer])
      }
      for (const [who, headers] of Object.entries(USER_CLIENTS)) {
        for (const scope of [undefined, 'profile', SCOPE, 'admin']) {
          asked.push([who, 'client_credentials', await ask(server, { scope }, headers)])
        }
      }
      const unknown = asked.find(([, , { body }]) => body.error === 'invalid_client')
      must(
        !unknown,
        'the server rejects the name and the secret of the worker (WORKER_ID and WORKER_SECRET)',
        CLIENTS,
      )
      const ownTokens = asked.filter(([, grant_type]) => grant_type === 'client_credentials')
      const isRight = ownTokens.some(([, , { body }]) => body.error === 'unauthorized_client')
      // If only some clients may do too much, their registration is wrong.
      const file = isRight ? CLIENTS : 'server/routes/token.ts'
      for (const [who, grant_type, answer] of asked) {
        const what = `grant_type=${grant_type} of ${who}`
        expectRejected(answer, '400 unauthorized_client', what, file)
      }
    },
  },
  {
    id: 'grant-unused',
    text: "The worker can't use a user's code or refresh token, and doesn't use it up",
    file: 'server/routes/token.ts',
    needs: ['grant-registered'],
    async probe({ server }) {
      const code = await server.code()
      const stolen = await server.redeem(code, {}, AS_WORKER)
      expectRejected(stolen, '400 unauthorized_client', "a user's code from the worker")
      const login = await server.redeem(code)
      expectTokens(login, 'a code that the worker tried before')
      const token = String(login.body.refresh_token)
      const answer = await server.refresh(token, AS_WORKER)
      expectRejected(answer, '400 unauthorized_client', "a user's refresh token from the worker")
      expectTokens(await server.refresh(token), 'a refresh token that the worker tried before')
    },
  },
  {
    id: 'grant-unknown',
    text: "A grant type that the server doesn't know still gets unsupported_grant_type, for every client",
    file: 'server/routes/token.ts',
    needs: ['grant-registered'],
    async probe({ server }) {
      for (const [who, headers] of Object.entries(SENDERS)) {
        for (const grant_type of UNKNOWN) {
          const answer = await server.token({ grant_type }, headers)
          expectRejected(answer, '400 unsupported_grant_type', `grant_type=${grant_type} of ${who}`)
        }
        expectRejected(
          await server.token({}, headers),
          '400 invalid_request',
          `no grant_type of ${who}`,
        )
      }
    },
  },
  {
    id: 'worker-login',
    text: 'GET /authorize as the worker gets a 400 page, and redirects nowhere',
    file: 'server/clients.ts',
    needs: ['grant-registered'],
    async probe(stage) {
      const uris = [undefined, stage.redirectUri, OTHER_REQUEST.redirect_uri, `${stage.clientUrl}/`]
      for (const redirect_uri of uris) {
        const changes = { client_id: WORKER.id, redirect_uri, scope: SCOPE }
        for (const page of [
          await stage.server.authorize(changes),
          await stage.server.logIn(changes),
        ]) {
          must(
            page.status === 400 && page.location === undefined,
            `an authorization request of the worker${redirect_uri === undefined ? '' : ` with redirect_uri=${redirect_uri}`} gets no 400 page: ${saw(page)}`,
          )
          const text = textOf(page)
          must(!/no client is registered/i.test(text), "the server doesn't know the worker")
        }
      }
    },
  },
  {
    id: 'worker-token',
    text: 'With client_credentials, the worker gets a new access token each time, for all that it is registered for',
    file: 'server/grants/client-credentials.ts',
    needs: ['grant-registered'],
    async probe({ server }) {
      const seen = new Set<unknown>()
      for (const scope of [undefined, '']) {
        const { status, body } = await ask(server, { scope })
        const request = 'client_credentials of the worker'
        must(status === 200, `${request} gets ${answered(status, body)}`)
        const { access_token, token_type, expires_in } = body
        must(
          typeof access_token === 'string' && access_token.length >= 22,
          `${request} gets 200 without a random access_token`,
        )
        must(!seen.has(access_token), `${request} gets the same access token again`)
        seen.add(access_token)
        must(token_type === 'Bearer', `${request} gets token_type ${JSON.stringify(token_type)}`)
        must(
          Number.isInteger(expires_in) && Number(expires_in) > 0,
          `${request} gets expires_in ${JSON.stringify(expires_in)}, not a number of seconds`,
        )
        must(
          body.scope === SCOPE,
          `${request} without a scope gets scope ${JSON.stringify(body.scope)}, not "${SCOPE}"`,
          String(body.scope).includes(SCOPE) ? CLIENTS : GRANT,
        )
        const other = await server.post('/revoke', { token: access_token }, OTHER_CLIENT)
        must(
          other.body.error === 'invalid_grant',
          'the access token of the worker has ended at once: a grant counts as ended if its set of allowed scopes is empty',
        )
      }
    },
  },
  {
    id: 'no-refresh',
    text: 'The worker gets no refresh token',
    file: 'server/grants/client-credentials.ts',
    needs: ['worker-token'],
    async probe({ server }) {
      const answer = await ask(server)
      expectTokens(answer, 'client_credentials of the worker')
      must(
        !('refresh_token' in answer.body),
        'client_credentials of the worker gets a refresh_token: it can ask for a new access token at any time (RFC 6749 section 4.4.3)',
      )
    },
  },
  {
    id: 'scope-more',
    text: 'The worker may ask for what it is registered for; more, or a malformed scope, gets invalid_scope',
    file: 'server/grants/client-credentials.ts',
    needs: ['worker-token'],
    async probe({ server }) {
      for (const scope of [SCOPE, `${SCOPE} ${SCOPE}`]) {
        const { status, body } = await ask(server, { scope })
        must(
          status === 200 && body.scope === SCOPE,
          `scope=${scope} gets ${answered(status, body)} with scope ${JSON.stringify(body.scope)}, not "${SCOPE}"`,
        )
      }
      for (const scope of [...MORE, ...MALFORMED]) {
        const what = `scope=${JSON.stringify(scope)} of the worker`
        expectRejected(await ask(server, { scope }), '400 invalid_scope', what)
      }
    },
  },
  {
    id: 'scope-twice',
    text: 'A scope that comes twice, or is not in UTF-8, gets invalid_request',
    file: 'server/grants/client-credentials.ts',
    needs: ['worker-token'],
    async probe({ server }) {
      const headers = { ...AS_WORKER, 'content-type': 'application/x-www-form-urlencoded' }
      for (const scope of [encodeForm({ scope: [SCOPE, SCOPE] }), 'scope=%FF']) {
        const form = `grant_type=client_credentials&${scope}`
        expectRejected(await server.tokenRaw(form, headers), '400 invalid_request', scope)
      }
    },
  },
  {
    id: 'no-user',
    text: "The worker's token gets 403 and insufficient_scope at /api/me and /api/email",
    file: 'server/routes/me.ts',
    needs: ['worker-token'],
    async probe({ server }) {
      const token = await workerToken(server, GRANT)
      for (const [path, scope] of [
        ['/api/me', 'profile'],
        ['/api/email', 'email'],
      ] as const) {
        expectInsufficient(await server.me(`Bearer ${token}`, path), path, scope, "the worker's")
      }
    },
  },
  {
    id: 'worker-revokes',
    text: 'The worker can revoke its token, and no other client can',
    file: 'server/grants/client-credentials.ts',
    needs: ['no-user'],
    async probe({ server }) {
      const token = await workerToken(server, GRANT)
      const other = await server.post('/revoke', { token })
      expectRejected(
        other,
        '400 invalid_grant',
        "POST /revoke of lab-client with the worker's token",
      )
      const live = await server.me(`Bearer ${token}`)
      must(
        live.status === 403,
        `after POST /revoke of lab-client, GET /api/me returns ${live.status} for the worker's token`,
      )
      const own = await server.post('/revoke', { token }, AS_WORKER)
      expectAnswer(own, 200, 'POST /revoke of the worker')
      const dead = await server.me(`Bearer ${token}`)
      must(
        dead.status === 401,
        `after POST /revoke of the worker, GET /api/me returns ${dead.status} for its token`,
      )
    },
  },
  {
    id: 'stats',
    text: 'GET /api/stats tells the worker how many users there are',
    file: 'server/routes/me.ts',
    needs: ['worker-token'],
    async probe({ server }) {
      const token = await workerToken(server, GRANT)
      const { status, body, headers } = await server.me(`Bearer ${token}`, '/api/stats')
      must(
        status === 200,
        `GET /api/stats with the worker's token returns ${answered(status, body)}`,
      )
      const sent = JSON.stringify(body)
      must(
        sent === '{"users":2}' && /^application\/json/.test(String(headers['content-type'])),
        `GET /api/stats returns ${sent}, not {"users":2} in JSON`,
      )
    },
  },
  {
    id: 'stats-token',
    text: 'GET /api/stats without a valid token gets 401, as /api/me does',
    file: 'server/routes/me.ts',
    async probe({ server }) {
      const bare = await server.me(undefined, '/api/stats')
      must(bare.status !== 404, 'the server has no GET /api/stats')
      must(
        bare.status === 401 && bare.headers['www-authenticate'] === 'Bearer realm="oauth-lab"',
        `GET /api/stats without a token returns ${bare.status}${bare.status === 401 ? ' without a bare WWW-Authenticate: Bearer' : ''}`,
      )
      for (const token of ['x', '', WORKER.id, randomValue()]) {
        const { status, body } = await server.me(`Bearer ${token}`, '/api/stats')
        must(
          status === 401 && body.error === 'invalid_token',
          `GET /api/stats with an unknown token returns ${answered(status, body)}, not 401 invalid_token`,
        )
      }
    },
  },
  {
    id: 'stats-scope',
    text: "A user's token gets 403 and insufficient_scope at /api/stats",
    file: 'server/routes/me.ts',
    needs: ['stats-token', 'stats'],
    async probe({ server }) {
      const { access_token } = await server.tokens({ scope: BOTH })
      const answer = await server.me(`Bearer ${access_token}`, '/api/stats')
      expectInsufficient(answer, '/api/stats', SCOPE, "a user's")
    },
  },
  {
    id: 'worker-asks',
    text: 'The worker asks for a token with its own name and secret, and sends it to /api/stats',
    file: 'worker/count-users.ts',
    async probe(stage) {
      const { server, run } = await goodRun(stage)
      const { tokenRequests, refusal, stats, other } = server
      must(
        refusal === undefined,
        `the server rejects the worker's token request with ${refusal?.error}: ${refusal?.reason}`,
      )
      const { message, place } = stage.explainFailure(run)
      must(place === undefined, `the worker breaks: ${message}`, place)
      const printed = message === undefined ? '' : `. It prints: ${message}`
      must(other === undefined, `the worker asks for ${other}, which no server has${printed}`)
      must(tokenRequests > 0, `the worker sends nothing to POST /token${printed}`)
      must(
        stats !== undefined,
        `after a token response with token_type=bearer, the worker sends nothing to GET /api/stats${printed}`,
      )
      must(
        stats === `Bearer ${server.token}`,
        'the worker sends GET /api/stats without the access token in "Authorization: Bearer"',
      )
      stage.expectOwnCode('worker')
    },
  },
  {
    id: 'worker-prints',
    text: 'The worker prints the number that the server sent, such as "7 users", and ends with exit status 0',
    file: 'worker/main.ts',
    needs: ['worker-asks'],
    async probe(stage) {
      const { status, output, errors } = (await goodRun(stage)).run
      must(
        output === `${USERS} users\n`,
        `when the server has ${USERS} users, the worker prints ${shown(output)}${errors && `, and on stderr: ${firstLine(errors)}`}`,
      )
      must(errors === '', `the worker succeeds, and prints on stderr: ${firstLine(errors)}`)
      must(status === 0, `the worker succeeds, and ends with exit status ${status}`)
      stage.expectScript('worker')
    },
  },
  {
    id: 'worker-away',
    text: "When the server isn't running, the worker says so in one line on stderr, and ends with exit status 1",
    file: 'worker/main.ts',
    needs: ['worker-prints'],
    async probe(stage) {
      const url = `http://localhost:${await freePort()}`
      const run = await stage.runWorker(url)
      expectFailure(run, "the server isn't running")
      must(
        run.errors.includes(url),
        `when the server isn't running, the line doesn't say which: ${firstLine(run.errors)}`,
      )
    },
  },
  {
    id: 'worker-in-time',
    text: 'When the server is slow, the worker fails within 6 seconds, for all requests together',
    file: 'worker/main.ts',
    needs: ['worker-away'],
    async probe(stage) {
      const server = new WorkerServer()
      const run = await stage.runWorker(async (request) => {
        const isToken = request.target === 'POST /token'
        await request.passTime(isToken ? 4_000 : 2_000)
        return isToken ? server.answer(request) : undefined
      })
      const when = 'the server sends the token after 4 seconds, and nothing else in the next 2,'
      expectFailure(run, when)
    },
  },
  {
    id: 'worker-refused',
    text: 'When the server rejects the token request, the line names its error',
    file: 'worker/count-users.ts',
    needs: ['worker-away'],
    async probe(stage) {
      const rejection = { status: 400, error: 'unauthorized_client', reason: 'No' } as const
      const run = await stage.runWorker(() => refused({ ...rejection, file: '' }))
      const when = `the server rejects the token request with ${rejection.error}`
      expectFailure(run, when)
      must(
        run.errors.includes(rejection.error),
        `when ${when}, the line doesn't name that: ${firstLine(run.errors)}`,
      )
    },
  },
  {
    id: 'worker-nonsense',
    text: 'A response that makes no sense is a failure, too, even with status 200',
    file: 'worker/count-users.ts',
    needs: ['worker-away'],
    async probe(stage) {
      const users = { users: USERS }
      const token = { access_token: randomValue(), token_type: 'Bearer' }
      const nonsense: [what: string, answers: Partial<WorkerServer>][] = [
        ['the access_token is empty', { tokens: ok({ ...token, access_token: '' }) }],
        ['the token response has no token_type', { tokens: ok({ access_token: 'x' }) }],
        ["the token's type is mac", { tokens: ok({ ...token, token_type: 'mac' }) }],
        ['/api/stats sends no number', { counts: ok({ users: `${USERS}` }) }],
        ['/api/stats forbids it', { counts: { status: 403, body: users } }],
      ]
      const runs = nonsense.map(([, answers]) => stage.runWorker(new WorkerServer(answers).answer))
      for (const [index, run] of (await Promise.all(runs)).entries()) {
        expectFailure(run, nonsense[index]?.[0] ?? '')
      }
    },
  },
  {
    id: 'together',
    text: 'Everything together: your worker counts the users at your server, and says why that rejects a wrong secret',
    on: 'both',
    file: 'worker/main.ts',
    async probe(stage) {
      const { status, output, errors } = await stage.runWorker(stage.server.serverUrl)
      must(
        status === 0 && output === '2 users\n',
        `with your server, the worker prints ${shown(output + errors)}, and ends with exit status ${status}`,
      )
      const wrong = await stage.runWorker(stage.server.serverUrl, { WORKER_SECRET: 'wrong' })
      expectFailure(wrong, 'your server rejects the secret')
      must(
        wrong.errors.includes('invalid_client'),
        `when your server rejects the secret, the line doesn't say invalid_client: ${firstLine(wrong.errors)}`,
      )
    },
  },
]

/** A server for one run of a worker, correct unless it gets other responses to send. */
class WorkerServer {
  readonly token = randomValue()
  /** The response to a token request. */
  tokens: StandInAnswer = ok({ access_token: this.token, token_type: 'bearer', expires_in: 300 })
  /** The response of /api/stats. */
  counts: StandInAnswer = ok({ users: USERS })
  tokenRequests = 0
  /** What was wrong with the token request. */
  refusal: Refusal | undefined
  /** The `Authorization` header at /api/stats. */
  stats: string | undefined
  /** Any other request. */
  other: string | undefined

  constructor(answers: Partial<WorkerServer> = {}) {
    Object.assign(this, answers)
  }

  answer: AnswerWorker = (request) => {
    if (request.target === 'POST /token') {
      this.tokenRequests += 1
      this.refusal = refusalOfWorker(request, { ...WORKER, scopes: [SCOPE] })
      return this.refusal === undefined ? this.tokens : refused(this.refusal)
    }
    if (request.target === 'GET /api/stats') {
      this.stats = request.authorization
      return this.counts
    }
    this.other = request.target
    return { status: 404, body: { error: 'not_found' } }
  }
}

/** What happened in the one run of each worker in which everything goes well. */
const goodRuns = new WeakMap<Stage, { server: WorkerServer; run: WorkerRun }>()

/** Runs the worker against a correct server, once for all checks. */
async function goodRun(stage: Stage): Promise<{ server: WorkerServer; run: WorkerRun }> {
  const server = new WorkerServer()
  const good = goodRuns.get(stage) ?? { server, run: await stage.runWorker(server.answer) }
  goodRuns.set(stage, good)
  return good
}

/** Asks for a token without a user, as the worker unless headers say otherwise. */
function ask(
  server: CheckDriver,
  fields: Fields = {},
  headers: Fields = AS_WORKER,
): Promise<JsonAnswer> {
  return server.token({ grant_type: 'client_credentials', ...fields }, headers)
}

/** @throws {NotYet} unless a resource wants another scope */
function expectInsufficient(
  { status, body, headers }: JsonAnswer,
  path: string,
  scope: string,
  whose: string,
): void {
  must(
    status === 403 && body.error === 'insufficient_scope',
    `GET ${path} with ${whose} token returns ${answered(status, body)}, not 403 insufficient_scope`,
  )
  must(
    String(headers['www-authenticate']).includes(`scope="${scope}"`),
    `GET ${path} with ${whose} token gets 403, and WWW-Authenticate doesn't have scope="${scope}"`,
  )
}

/** @throws {NotYet} unless a worker printed one line on stderr, and ended with exit status 1 */
function expectFailure({ status, output, errors }: WorkerRun, when: string): void {
  must(status !== undefined, `when ${when}, the worker is still running`)
  must(output === '', `when ${when}, the worker prints ${shown(output)} on stdout`)
  must(errors !== '', `when ${when}, the worker prints nothing on stderr`)
  must(
    /^[^\n]+\n?$/.test(errors),
    `when ${when}, the worker prints ${errors.trimEnd().split('\n').length} lines on stderr, not one: ${firstLine(errors)}`,
  )
  must(status === 1, `when ${when}, the worker ends with exit status ${status}`)
  const secrets = [WORKER.secret, encodeURIComponent(WORKER.secret)]
  must(
    !secrets.some((secret) => errors.includes(secret)),
    `when ${when}, the worker prints its secret`,
    'worker/count-users.ts',
  )
}

/** What a worker printed, in words. */
function shown(output: string): string {
  return output === '' ? 'nothing' : JSON.stringify(output.slice(0, 100))
}

function firstLine(text: string): string {
  return JSON.stringify(text.trim().split('\n', 1)[0]?.slice(0, 200) ?? '')
}
