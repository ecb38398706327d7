import { createHash, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type Browser, html, type Page } from '@oauth-lab/shared/testing/browser.ts'
import {
  basic,
  credentials,
  type Fields,
  type JsonAnswer,
} from '@oauth-lab/shared/testing/driver.ts'
import { encodeForm, type FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { HoldingGate } from '@oauth-lab/shared/testing/hooks.ts'
import { AS_API, AS_WORKER } from '../api-checks.ts'
import {
  answered,
  type CheckDriver,
  expectAnswer,
  expectRejected,
  expectTokens,
  must,
  NotYet,
  queryOf,
  type Stage,
  saw,
  textOf,
  WORKER,
} from '../check-stage.ts'
import type { CliRequest, CliRun, EndedCli } from '../cli-run.ts'
import { within } from '../patience.ts'
import type { CheckSettings, Sentence } from '../sentence.ts'
import { hangUp, ok, randomValue, type StandInAnswer } from '../stand-in.ts'
import { API } from '../token-request-rules.ts'
import { BOTH, OTHER_REQUEST } from '../v06/checks.ts'
import { loginsStill } from '../v11/checks.ts'

const AUTHORIZE = 'server/routes/authorize.ts'
const CLI_API = 'cli/api.ts'
const CLIENTS = 'server/clients.ts'
const LOGIN = 'cli/login.ts'
const LOOPBACK = 'cli/loopback.ts'
const MAIN = 'cli/main.ts'

const CLI = 'lab-cli'
/** What is registered. */
const NO_PORT = 'http://127.0.0.1/callback'
/** Of a request that names its client in the body. */
const NO_HEADER = { authorization: undefined }
/** Everyone with a secret. */
const CONFIDENTIAL = ['lab-client', 'other-client', WORKER.id, API.id]
/** How long a correct CLI waits for its user, in milliseconds. */
const MINUTES = 5 * 60_000
/** How long it may take to stop listening, in milliseconds, on an idle machine. */
const STOP_LIMIT = 3_000

export const settings: CheckSettings = {
  short: { CLIENT_URL: 'http://127.0.0.1' },
  scopes: ['profile', 'email'],
}

export const sentences: Sentence[] = [
  { ...loginsStill, file: 'server/client-auth.ts' },
  {
    id: 'secret-still',
    text: 'A client with a secret still needs it, and an unknown client gets 401, too',
    file: 'server/client-auth.ts',
    async probe({ server }) {
      for (const client_id of [...CONFIDENTIAL, 'nobody', '']) {
        const senders: [what: string, form: Fields, headers: Fields][] = [
          ['alone', { client_id }, NO_HEADER],
          ['and an empty client_secret', { client_id, client_secret: '' }, NO_HEADER],
          ['and client_secret=undefined', { client_id, client_secret: 'undefined' }, NO_HEADER],
          ['and no secret in a Basic header', {}, { authorization: basic(client_id, '') }],
        ]
        for (const [what, form, headers] of senders) {
          for (const path of ['/token', '/revoke', '/introspect']) {
            const sent = { grant_type: 'client_credentials', token: randomValue(), ...form }
            const request = `POST ${path} with client_id=${client_id} ${what}`
            expectRejected(await server.post(path, sent, headers), '401 invalid_client', request)
          }
        }
      }
    },
  },
  {
    id: 'worker-still',
    text: 'The worker still gets its own tokens, with its secret',
    file: 'server/client-auth.ts',
    async probe({ server }) {
      const answer = await server.token({ grant_type: 'client_credentials' }, AS_WORKER)
      expectTokens(answer, 'client_credentials of the worker')
      const isActive = await inspect(server, answer.body.access_token)
      must(isActive, 'the access token of the worker has ended at once')
    },
  },
  {
    id: 'inactive-still',
    text: 'lab-cli learns nothing about tokens at /introspect',
    file: 'server/routes/introspect.ts',
    async probe({ server }) {
      const { access_token } = await server.tokens()
      const form = { client_id: CLI, token: access_token }
      const { status, body } = await server.post('/introspect', form, NO_HEADER)
      must(
        status === 401 || JSON.stringify(body) === '{"active":false}',
        `POST /introspect of lab-cli gets ${answered(status, body)} with ${JSON.stringify(body).slice(0, 100)}`,
      )
    },
  },
  {
    id: 'cli-named',
    text: 'lab-cli gets tokens for a code, refreshes and revokes them with its client_id and no secret',
    file: 'server/client-auth.ts',
    async probe({ server }) {
      const code = await cliCode(server, { scope: BOTH })
      const login = await redeem(server, code)
      must(
        login.body.error !== 'invalid_grant',
        'a code of lab-cli gets invalid_grant: what is ticked must go into the scopes that the user allowed',
        AUTHORIZE,
      )
      expectTokens(login, 'a code of lab-cli')
      must(
        login.body.scope === BOTH,
        `lab-cli asks for scope=${BOTH}, and gets ${JSON.stringify(login.body.scope)}`,
        CLIENTS,
      )
      const { refresh_token } = login.body
      const form = { grant_type: 'refresh_token', refresh_token: String(refresh_token) }
      const refreshed = await post(server, '/token', form)
      expectTokens(refreshed, 'a refresh token of lab-cli', CLIENTS)
      const token = String(refreshed.body.refresh_token)
      expectAnswer(await post(server, '/revoke', { token }), 200, 'POST /revoke of lab-cli')
      const isActive = await inspect(server, refreshed.body.access_token)
      must(!isActive, 'after POST /revoke of lab-cli, its access token is still active')
    },
  },
  {
    id: 'cli-secret',
    text: 'With a secret in the body, lab-cli gets 401 and invalid_client; an empty one counts as absent',
    file: 'server/client-auth.ts',
    needs: ['cli-named'],
    async probe({ server }) {
      const code = await cliCode(server)
      for (const client_secret of ['x', 'lab-client-secret', CLI, 'undefined']) {
        const what = `with client_secret=${client_secret} in the body, lab-cli`
        const answer = await redeem(server, code, { client_secret })
        expectRejected(answer, '401 invalid_client', what)
        const revoked = await post(server, '/revoke', { token: code, client_secret })
        expectRejected(revoked, '401 invalid_client', `${what} at /revoke`)
      }
      const answer = await redeem(server, code, { client_secret: '' })
      expectTokens(answer, 'a code of lab-cli with an empty client_secret')
    },
  },
  {
    id: 'cli-basic',
    text: 'With a Basic header, whatever is in it, lab-cli gets 401 and invalid_client',
    file: 'server/client-auth.ts',
    needs: ['cli-named'],
    async probe({ server }) {
      const code = await cliCode(server)
      const headers = [basic(CLI, ''), basic(CLI, 'x'), basic(CLI, 'undefined'), 'Basic', 'Basic !']
      for (const authorization of headers) {
        for (const client_id of [CLI, undefined]) {
          const answer = await redeem(server, code, { client_id }, { authorization })
          const [, pair = ''] = authorization.split(' ')
          const name = pair && JSON.stringify(Buffer.from(pair, 'base64').toString())
          const what = `with the Basic header of ${name || 'nothing'}${client_id ? ' and client_id in the body' : ''}, lab-cli`
          expectRejected(answer, '401 invalid_client', what)
        }
      }
      expectTokens(await redeem(server, code), 'a code of lab-cli after that')
    },
  },
  {
    id: 'cli-no-own',
    text: 'lab-cli gets no token of its own: client_credentials gets 400 and unauthorized_client',
    file: 'server/clients.ts',
    needs: ['cli-named'],
    async probe({ server }) {
      for (const scope of [undefined, 'profile', 'stats:read']) {
        const answer = await post(server, '/token', { grant_type: 'client_credentials', scope })
        expectRejected(answer, '400 unauthorized_client', 'client_credentials of lab-cli')
      }
      const page = await server.authorize({ ...requestAt(NO_PORT), scope: 'stats:read' })
      must(
        queryOf(page).get('error') === 'invalid_scope',
        `lab-cli asks a user for scope=stats:read, and gets no invalid_scope: ${saw(page)}`,
      )
    },
  },
  {
    id: 'port-any',
    text: 'The redirect URI of lab-cli may have any port from 1 to 65535, or none',
    file: 'server/authorization-request.ts',
    async probe({ server }) {
      await expectKnown(server)
      const ports = ['', ':1', ':80', ':443', ':9999', ':65535', `:${somePort()}`]
      for (const port of ports) {
        const redirect_uri = `http://127.0.0.1${port}/callback`
        const page = await server.authorize(requestAt(redirect_uri))
        must(
          page.status === 200,
          `with redirect_uri=${redirect_uri}, an authorization request of lab-cli gets no login page: ${saw(page)}`,
        )
      }
      const redirect_uri = loopback()
      const { location = '' } = await server.logIn(requestAt(redirect_uri))
      must(
        location.split('?')[0] === redirect_uri,
        `the code for redirect_uri=${redirect_uri} is sent to ${location.split('?')[0] || 'nowhere'}`,
      )
    },
  },
  {
    id: 'port-exact',
    text: 'Everything else in it is exact: localhost, [::1], another path, a query, port 0, 65536 or 080 get a 400 page',
    file: 'server/authorization-request.ts',
    needs: ['port-any'],
    async probe({ server }) {
      await expectPortVaries(server)
      const port = somePort()
      for (const redirect_uri of wrongUris(port)) {
        await expectNoRedirect(server, { ...requestAt(redirect_uri) }, 'lab-cli')
      }
    },
  },
  {
    id: 'port-others',
    text: 'The port of every other client stays exact',
    on: 'short server',
    file: 'server/authorization-request.ts',
    needs: ['port-any'],
    async probe({ server }) {
      await expectPortVaries(server)
      const right = await server.authorize({ redirect_uri: NO_PORT })
      must(right.status === 200, `with its own redirect URI, lab-client gets ${right.status}`)
      for (const redirect_uri of [loopback(), 'http://127.0.0.1:80/callback']) {
        await expectNoRedirect(server, { redirect_uri }, 'lab-client')
      }
      for (const port of ['', `:${somePort()}`]) {
        const redirect_uri = OTHER_REQUEST.redirect_uri.replace(/:\d+/, port)
        await expectNoRedirect(server, { ...OTHER_REQUEST, redirect_uri }, 'other-client')
      }
    },
  },
  {
    id: 'port-same',
    text: 'The token request must repeat the very redirect URI of the authorization request, port included',
    file: 'server/grants/authorization-code.ts',
    needs: ['cli-named', 'port-any'],
    async probe({ server }) {
      const port = somePort()
      const asked = loopback(port)
      const other = loopback(port + 1)
      const pairs: [asked: string, sent: string][] = [
        [asked, other],
        [asked, NO_PORT],
        [asked, `${asked}/`],
        [asked, asked.replace('127.0.0.1', 'localhost')],
        [NO_PORT, asked],
        [NO_PORT, 'http://127.0.0.1:80/callback'],
      ]
      for (const [first, redirect_uri] of pairs) {
        const code = await cliCode(server, { redirect_uri: first })
        const answer = await redeem(server, code, { redirect_uri })
        const what = `a code for redirect_uri=${first} with redirect_uri=${redirect_uri} in the token request`
        expectRejected(answer, '400 invalid_grant', what)
      }
      const code = await cliCode(server, { redirect_uri: asked })
      const right = await redeem(server, code, { redirect_uri: asked })
      expectTokens(right, `a code with the same redirect_uri=${asked} in both requests`)
    },
  },
  {
    id: 'consent-each-time',
    text: 'The consent page for lab-cli comes each time, with a box for every requested scope',
    file: 'server/routes/authorize.ts',
    needs: ['cli-named'],
    async probe({ server }) {
      const browser = await loggedIn(server)
      await expectKnown(server)
      for (const scope of [BOTH, BOTH, 'email', 'profile']) {
        const page = await openConsent(server, browser, scope)
        const boxes = boxesOn(page).join(' ')
        must(
          boxes === scope,
          `lab-cli asks for scope=${scope} after it was allowed everything, and the consent page has ${boxes === '' ? 'no box' : `the boxes ${boxes}`}`,
        )
        expectCode(await browser.submit(page))
      }
    },
  },
  {
    id: 'consent-ticked',
    text: 'The code is for the ticked scopes alone, whatever was allowed before; nothing ticked: access_denied',
    file: 'server/routes/authorize.ts',
    needs: ['consent-each-time'],
    async probe({ server }) {
      // A user who has allowed lab-cli nothing yet.
      const browser = await loggedIn(server, 'user1')
      await expectKnown(server)
      for (const scope of [['profile'], ['email'], ['profile', 'email']]) {
        const page = await openConsent(server, browser, BOTH)
        const code = expectCode(await browser.submit(page, { scope }))
        const answer = await redeem(server, code)
        expectTokens(answer, 'a code of lab-cli')
        const ticked = `when of ${BOTH} ${scope.join(' and ')} ${scope.length > 1 ? 'are' : 'is'} ticked`
        must(
          answer.body.scope === scope.join(' '),
          `${ticked}, lab-cli gets scope ${JSON.stringify(answer.body.scope)}`,
        )
        const isActive = await inspect(server, answer.body.access_token)
        must(isActive, `${ticked}, the access token of lab-cli has ended at once`)
      }
      const page = await openConsent(server, browser, BOTH)
      const denied = await browser.submit(page, { scope: [] })
      must(
        queryOf(denied).get('error') === 'access_denied',
        `when nothing is ticked, lab-cli gets no access_denied: ${saw(denied)}`,
      )
    },
  },
  {
    id: 'consent-others',
    text: 'Other clients are still remembered',
    file: 'server/routes/authorize.ts',
    needs: ['consent-each-time'],
    async probe({ server }) {
      const browser = await loggedIn(server)
      await expectKnown(server)
      for (let times = 0; times < 2; times += 1) await openConsent(server, browser, 'profile')
      await browser.answerForms(await browser.open(server.authorizeUrl()), {})
      const again = await browser.open(server.authorizeUrl())
      must(
        queryOf(again).has('code'),
        `lab-client asks for the same scope again, and gets no code at once: ${saw(again)}`,
      )
      await browser.open(server.authorizeUrl(OTHER_REQUEST))
      const more = await browser.open(server.authorizeUrl({ scope: BOTH }))
      const boxes = boxesOn(more).join(' ')
      must(
        ['', 'email'].includes(boxes),
        `lab-client asks for email, too, and the consent page has the boxes ${boxes}`,
      )
    },
  },
  {
    id: 'cli-asks',
    text: '`npm run cli -- --no-open` prints the URL of an authorization request: lab-cli, code, scope profile, S256, with new values each time',
    file: 'cli/login.ts',
    async probe(stage) {
      const { good, idle } = await twoRuns(stage)
      const [query, other] = [good.url?.searchParams, idle.url?.searchParams]
      const wanted = {
        response_type: 'code',
        client_id: CLI,
        scope: 'profile',
        code_challenge_method: 'S256',
      }
      const { serverUrl } = good
      must(
        good.url?.href.startsWith(`${serverUrl}/authorize?`),
        `the URL starts with ${good.url?.href.split('?')[0]}, not with ${serverUrl}/authorize`,
      )
      for (const [name, value] of Object.entries(wanted)) {
        const sent = query?.getAll(name).join(' and ')
        must(sent === value, `the URL has ${name}=${sent}, not ${name}=${value}`)
      }
      must(
        /^http:\/\/127\.0\.0\.1:[1-9]\d*\/callback$/.test(good.redirectUri),
        `the URL has redirect_uri=${good.redirectUri}, not http://127.0.0.1:PORT/callback`,
        LOOPBACK,
      )
      for (const name of ['state', 'code_challenge']) {
        const value = query?.get(name) ?? ''
        must(value.length >= 22, `the URL has ${name}=${value}, which is too short to be random`)
        must(value !== other?.get(name), `the next run has the same ${name}`)
      }
      must(good.port !== idle.port, 'two runs at the same time have the same port', LOOPBACK)
      stage.expectScript('cli')
      stage.expectOwnCode('cli')
    },
  },
  {
    id: 'cli-listens',
    text: 'It listens at the port of its redirect URI, on 127.0.0.1',
    file: 'cli/loopback.ts',
    needs: ['cli-asks'],
    async probe(stage) {
      const { idle } = await twoRuns(stage)
      must(await reaches(idle.port), `nothing listens at 127.0.0.1:${idle.port}`)
      for (const host of otherAddresses()) {
        must(
          !(await reaches(idle.port, host)),
          `it listens on ${host}, too, where other machines or other programs may reach it`,
        )
      }
    },
  },
  {
    id: 'cli-option',
    text: 'The URL opens in the browser, but not with --no-open; an unknown option is one line on stderr, with exit status 1',
    file: 'cli/main.ts',
    needs: ['cli-asks'],
    async probe(stage) {
      const { good, idle } = await twoRuns(stage)
      await idle.untilStarted()
      must(idle.started.length > 0, 'without --no-open, it starts no browser')
      const cli = await stage.startCli(new CliServer().answer, ['--no-open', '--opne'])
      must(cli.url === undefined, 'with --opne, it prints a URL, and says nothing')
      const run = await untilEnded(stage, cli)
      expectFailure(run, 'with --opne')
      must(
        run.errors.includes('--opne'),
        `with --opne, the line doesn't name it: ${firstLine(run.errors)}`,
      )
      must(good.started.length === 0, `with --no-open, it starts ${good.started[0]}`)
    },
  },
  {
    id: 'cli-in-time',
    text: 'After five minutes without a response it ends with one line on stderr, and exit status 1',
    file: 'cli/main.ts',
    needs: ['cli-listens'],
    async probe(stage) {
      const { idle } = await twoRuns(stage)
      await idle.passTime(MINUTES - 5_000)
      must(await reaches(idle.port), 'it gives up before the five minutes are over')
      await idle.passTime(10_000)
      const run = await idle.untilEnded()
      must(run.status !== undefined, 'after five minutes, it still waits', LOGIN)
      expectFailure(run, 'after five minutes')
    },
  },
  {
    id: 'cli-state',
    text: 'A response with a wrong, missing or doubled state gets 400, and the app goes on waiting',
    file: 'cli/loopback.ts',
    needs: ['cli-listens'],
    async probe(stage) {
      const server = new CliServer()
      const cli = await start(stage, server)
      const { state } = cli
      const wrong = [
        'code=x',
        'state=&code=x',
        `state=${randomValue()}&code=x`,
        `state=${state}x&code=x`,
        `state=${state.slice(0, -1)}&code=x`,
        `state=${state}&state=${state}&code=x`,
        'error=access_denied',
        `error=access_denied&state=${randomValue()}`,
      ]
      for (const query of wrong) {
        const page = await cli.respond(query)
        const told = query.replaceAll(state, 'STATE').replaceAll(/state=[\w-]{43}/g, 'state=OTHER')
        must(
          page !== undefined,
          `a response with ${told} gets no response, as one before it ended the wait`,
        )
        must(page.status === 400, `a response with ${told} gets ${page.status}, not 400`)
      }
      await expectAccepts(cli, 'after a response with a wrong state')
    },
  },
  {
    id: 'cli-elsewhere',
    text: 'Any other path gets 404, any other method 405, and the app goes on waiting',
    file: 'cli/loopback.ts',
    needs: ['cli-state'],
    async probe(stage) {
      const cli = await start(stage, new CliServer())
      const { origin } = new URL(cli.redirectUri)
      const query = `state=${cli.state}&code=x`
      for (const path of ['/', '/favicon.ico', '/callback/', '/Callback', '/callback/x']) {
        const page = await cli.open(`${origin}${path}?${query}`)
        must(page?.status === 404, `GET ${path} gets ${page?.status ?? 'no response'}, not 404`)
      }
      for (const method of ['HEAD', 'POST', 'PUT', 'OPTIONS']) {
        const page = await cli.open(`${cli.redirectUri}?${query}`, { method })
        must(
          page?.status === 405,
          `${method} /callback gets ${page?.status ?? 'no response'}, not 405`,
        )
      }
      await expectAccepts(cli, 'after requests with other paths and methods')
    },
  },
  {
    id: 'cli-page',
    text: 'The right response gets a page that says it can be closed, and that may not be cached',
    file: 'cli/loopback.ts',
    needs: ['cli-stops'],
    async probe(stage) {
      const { cli, page, code } = await goodRun(stage)
      must(
        page.status === 200 && /^text\/html\b/.test(String(page.headers['content-type'])),
        `the right response gets ${page.status} with Content-Type ${page.headers['content-type']}, not a page`,
      )
      must(/\bclose\b/i.test(textOf(page)), "the page doesn't say that it can be closed")
      must(
        String(page.headers['cache-control']).includes('no-store'),
        `the page has Cache-Control: ${page.headers['cache-control']}, not no-store`,
      )
      must(![code, cli.state].some((one) => page.body.includes(one)), 'the page shows the response')
      must(
        !/<script|<link|<img|src=/i.test(page.body),
        'the page needs another file, but when it asks for that, nothing listens any more',
      )
    },
  },
  {
    id: 'cli-stops',
    text: 'After that nothing listens at the port any more, whatever connections are open',
    file: 'cli/loopback.ts',
    needs: ['cli-state'],
    async probe(stage) {
      const gate = new HoldingGate()
      const server = new CliServer({ before: () => gate.hold() })
      const cli = await start(stage, server)
      const [idle, used, slow] = [await open(cli.port), await open(cli.port), await open(cli.port)]
      used.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
      await Promise.race([once(used, 'data'), once(used, 'close')])
      slow.write('GET / HTTP/1.1\r\nHost: 127')
      const closed = [idle, used, slow].map((socket) => once(socket, 'close'))
      const page = await cli.respond(`state=${cli.state}&code=${randomValue()}`)
      must(
        page?.status === 200,
        `the right response gets ${page?.status ?? 'no response'}, not 200`,
      )
      const goesOn = Promise.race([gate.arrived.opened, cli.ended]).then(() => true)
      const isOn = await within(STOP_LIMIT, goesOn)
      must(isOn, 'the app waits for the end of connections that a browser keeps open')
      const isShut = await within(STOP_LIMIT, Promise.all(closed))
      must(isShut, 'connections that a browser keeps open stay open')
      must(!(await reaches(cli.port)), 'after the right response, it still listens at the port')
      gate.open()
      await untilEnded(stage, cli)
    },
  },
  {
    id: 'cli-denied',
    text: 'access_denied ends the app with one line on stderr that names it, and exit status 1',
    file: 'cli/login.ts',
    needs: ['cli-stops'],
    async probe(stage) {
      const server = new CliServer()
      const cli = await start(stage, server)
      const query = `state=${cli.state}&error=access_denied&code=${randomValue()}`
      const page = await cli.respond(query)
      must(page?.status !== 404, 'error=access_denied gets 404', LOOPBACK)
      const run = await untilEnded(stage, cli)
      expectFailure(run, 'after error=access_denied')
      must(
        run.errors.includes('access_denied'),
        `after error=access_denied, the line doesn't name it: ${firstLine(run.errors)}`,
      )
      must(
        server.requests.length === 0,
        `after error=access_denied, it sends ${server.requests[0]?.target}`,
      )
    },
  },
  {
    id: 'cli-redeems',
    text: 'The token request has client_id, the code, the same redirect URI and the verifier of the challenge, and no secret and no Authorization header',
    file: 'cli/login.ts',
    needs: ['cli-stops'],
    async probe(stage) {
      const { cli, server, code, run } = await goodRun(stage)
      const [request, second] = server.to('POST /token')
      must(
        request !== undefined,
        `after the right response, it sends nothing to POST /token${printed(run)}`,
      )
      must(second === undefined, 'it sends two token requests')
      const { form, authorization, contentType, to } = request
      must(to === 'server', 'it sends the token request to the API')
      must(
        contentType.startsWith('application/x-www-form-urlencoded'),
        `the token request has Content-Type ${contentType || 'nothing'}, not that of a form`,
      )
      expectNoSecret(request, 'token request')
      const wanted = {
        grant_type: 'authorization_code',
        client_id: CLI,
        code,
        redirect_uri: cli.redirectUri,
      }
      must(authorization === '', `the token request has Authorization: ${authorization}`)
      for (const [name, value] of Object.entries(wanted)) {
        const sent = form.getAll(name).join(' and ')
        must(sent === value, `the token request has ${name}=${sent}, not ${name}=${value}`)
      }
      const verifier = form.get('code_verifier') ?? ''
      must(
        /^[\w.~-]{43,128}$/.test(verifier),
        `the token request has code_verifier=${verifier}, not 43 to 128 characters (RFC 7636 section 4.1)`,
      )
      const challenge = createHash('sha256').update(verifier).digest('base64url')
      must(
        challenge === cli.url?.searchParams.get('code_challenge'),
        "the token request has a code_verifier that doesn't match the code_challenge in the URL",
      )
    },
  },
  {
    id: 'cli-prints',
    text: 'It asks /api/me, prints "Logged in as " and the name, and ends with exit status 0',
    file: 'cli/main.ts',
    needs: ['cli-redeems'],
    async probe(stage) {
      const { server, run } = await goodRun(stage)
      const [me] = server.to('GET /api/me')
      must(me !== undefined, `it sends nothing to GET /api/me${printed(run)}`, CLI_API)
      must(me.to === 'api', 'it sends GET /api/me to the server, not to the API', CLI_API)
      must(
        me.authorization === `Bearer ${server.accessToken}`,
        'it sends GET /api/me without the access token in "Authorization: Bearer"',
        CLI_API,
      )
      must(
        run.output.split('\n').includes(`Logged in as ${server.name}`),
        `when the API says that the name is ${server.name}, it prints no line "Logged in as ${server.name}"${printed(run)}`,
      )
      must(run.errors === '', `it succeeds, and prints on stderr: ${firstLine(run.errors)}`)
      must(run.status === 0, `it succeeds, and ends with exit status ${run.status}`)
      const bare = await oddRun(stage, 'bare')
      must(
        !bare.run.output.includes('\u001b'),
        'when the name has an escape character in it, it prints that, and the terminal obeys',
      )
    },
  },
  {
    id: 'cli-revokes',
    text: 'It revokes its tokens, also when the API is away',
    file: 'cli/main.ts',
    needs: ['cli-redeems'],
    async probe(stage) {
      const good = await goodRun(stage)
      expectRevoked(good.server, '')
      const order = good.server.requests.map(({ target }) => target)
      must(
        order.at(-1) === 'POST /revoke',
        `it sends ${order.at(-1)} after it has revoked its tokens`,
      )
      const away = await oddRun(stage, 'away')
      expectRevoked(away.server, 'when the API hangs up, ')
      const bare = await oddRun(stage, 'bare')
      expectRevoked(bare.server, 'without a refresh token, ')
    },
  },
  {
    id: 'cli-silent',
    text: 'It prints no token, no code and no verifier',
    file: 'cli/main.ts',
    needs: ['cli-redeems'],
    async probe(stage) {
      const logins = [goodRun(stage), oddRun(stage, 'away'), oddRun(stage, 'rejected')]
      for (const { server, run, code } of await Promise.all(logins)) {
        const [request] = server.to('POST /token')
        must(request !== undefined, 'it sends no token request yet', LOGIN)
        const secrets = {
          'the access token': server.accessToken,
          'the refresh token': server.refreshToken ?? '',
          'the code': code,
          'the verifier': request.form.get('code_verifier') ?? '',
        }
        for (const [what, secret] of Object.entries(secrets)) {
          const isThere = secret !== '' && (run.output + run.errors).includes(secret)
          must(!isThere, `it prints ${what}`, server.onToken === undefined ? MAIN : LOGIN)
        }
      }
    },
  },
  {
    id: 'cli-fails',
    text: 'A server that is away, rejects, or sends nonsense is one line on stderr, with exit status 1',
    file: 'cli/login.ts',
    needs: ['cli-prints', 'cli-revokes'],
    async probe(stage) {
      const tokens = new CliServer().tokens()
      const cases: [when: string, login: Promise<Login>, file?: string][] = [
        ['when the API hangs up', oddRun(stage, 'away'), CLI_API],
        ['when POST /token gets 400 invalid_grant', oddRun(stage, 'rejected')],
        ['when POST /token gets 200 and {}', finish(stage, new CliServer({ onToken: ok({}) }))],
        [
          'when the access token is of the type mac',
          finish(stage, new CliServer({ onToken: ok({ ...tokens, token_type: 'mac' }) })),
        ],
        [
          'when the access token is empty',
          finish(stage, new CliServer({ onToken: ok({ ...tokens, access_token: '' }) })),
        ],
        [
          'when the API sends no name',
          finish(stage, new CliServer({ onMe: ok({ user_id: 'user0' }) })),
          CLI_API,
        ],
        [
          'when POST /revoke gets 400 invalid_grant',
          finish(stage, new CliServer({ onRevoke: REJECTION })),
        ],
        ["when the server isn't running", finish(stage, new CliServer(), { isAway: true })],
      ]
      const ends = await Promise.all(
        cases.map(async ([when, login, file]) => ({ when, ...(await login), file })),
      )
      for (const { when, cli, run, file } of ends) {
        expectFailure(run, when, { file, endFile: MAIN })
        must(
          !when.includes('running') || run.errors.includes(cli.serverUrl),
          `${when}, the line doesn't say which: ${firstLine(run.errors)}`,
        )
        must(
          !when.includes('invalid_grant') || run.errors.includes('invalid_grant'),
          `${when}, the line doesn't name the error: ${firstLine(run.errors)}`,
        )
      }
    },
  },
  {
    id: 'together',
    text: 'Everything together: your app logs user0 in at your server',
    on: 'both',
    file: 'cli/main.ts',
    async probe(stage) {
      const cli = await stage.startCli()
      must(cli.url !== undefined, 'with your server, it prints no URL')
      const browser = stage.browser()
      const page = await stage.server.enterPassword(browser, cli.url.href)
      must(
        queryOf(page).has('code'),
        `at your server, a login for the app gets no code: ${saw(page)}`,
        AUTHORIZE,
      )
      await cli.open(page.location ?? '')
      const run = await untilEnded(stage, cli)
      must(
        run.status === 0 && run.output.endsWith('\nLogged in as User Number 0\n'),
        `with your server, it ends with exit status ${run.status}${printed(run)}`,
      )
      const again = await browser.open(cli.url.href)
      must(
        again.status === 200 && boxesOn(again).length === 1,
        `after that, a second login for the app gets no consent page: ${saw(again)}`,
        AUTHORIZE,
      )
    },
  },
]

/** A server and an API for one run of the CLI, correct unless they get other responses to send. */
class CliServer {
  readonly accessToken = randomValue()
  refreshToken: string | undefined = randomValue()
  readonly name = `User ${randomValue().slice(0, 8)}`
  requests: CliRequest[] = []
  onToken: StandInAnswer | undefined
  /** Hangs up if it is `away`. */
  onMe: StandInAnswer | 'away' | undefined
  onRevoke: StandInAnswer = { status: 200, body: '' }
  /** Happens before each response. */
  before = async (): Promise<void> => undefined

  constructor(changes: Partial<CliServer> = {}) {
    Object.assign(this, changes)
  }

  readonly answer = async (request: CliRequest): Promise<StandInAnswer> => {
    this.requests.push(request)
    await this.before()
    if (request.target === 'POST /token') return this.onToken ?? ok(this.tokens())
    if (request.target === 'POST /revoke') return this.onRevoke
    if (request.target !== 'GET /api/me') return { status: 404, body: { error: 'not_found' } }
    if (this.onMe === 'away') return hangUp()
    return this.onMe ?? ok({ user_id: 'user0', username: this.name })
  }

  tokens(): Record<string, unknown> {
    const tokens = { access_token: this.accessToken, refresh_token: this.refreshToken }
    return { ...tokens, token_type: 'bearer', expires_in: 300, scope: 'profile' }
  }

  /** The requests to an endpoint, such as `POST /token`. */
  to(target: string): CliRequest[] {
    return this.requests.filter((request) => request.target === target)
  }
}

/** A whole login with the CLI. */
interface Login {
  cli: CliRun
  server: CliServer
  /** The response to the right authorization response. */
  page: Page
  code: string
  run: EndedCli
}

/** What the server says about a code that doesn't work. RFC 6749 section 5.2 */
const REJECTION = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'No' },
}

/** What is different in a login that several checks look at. */
const ODD = {
  away: { onMe: 'away' },
  rejected: { onToken: REJECTION },
  bare: { refreshToken: undefined, name: 'User \u001b[2J' },
} satisfies Record<string, Partial<CliServer>>

const HANGS = 'after the login, the process of the app never ends'

/** What several checks look at, once for each copy. */
interface Runs {
  two?: Promise<{ good: CliRun; idle: CliRun; server: CliServer }>
  good?: Promise<Login>
  away?: Promise<Login>
  rejected?: Promise<Login>
  bare?: Promise<Login>
  hangs?: boolean
}

const runs = new WeakMap<Stage, Runs>()

function runsOf(stage: Stage): Runs {
  const known = runs.get(stage) ?? {}
  runs.set(stage, known)
  return known
}

/** Two runs at the same time. One of them may open a browser, and gets no response. */
function twoRuns(stage: Stage): NonNullable<Runs['two']> {
  const known = runsOf(stage)
  known.two ??= (async () => {
    const server = new CliServer()
    const [good, idle] = await Promise.all([
      start(stage, server),
      start(stage, new CliServer(), []),
    ])
    return { good, idle, server }
  })()
  return known.two
}

/** The one login in which everything goes well. */
function goodRun(stage: Stage): Promise<Login> {
  const known = runsOf(stage)
  known.good ??= twoRuns(stage).then(({ good, server }) => respond(stage, good, server))
  return known.good
}

/** A login in which something is different. */
function oddRun(stage: Stage, name: keyof typeof ODD): Promise<Login> {
  const known = runsOf(stage)
  known[name] ??= finish(stage, new CliServer(ODD[name]))
  return known[name]
}

/** @throws {NotYet} if the CLI prints no URL */
async function start(stage: Stage, server: CliServer, args?: string[]): Promise<CliRun> {
  const cli = await stage.startCli(server.answer, args)
  if (cli.url !== undefined) return cli
  const hasEnded = cli.hasEnded
  const run = await cli.untilEnded()
  const isTaken = run.errors.includes('EADDRINUSE')
  must(!isTaken, 'the app wants a port that another run of it has: let the system choose', LOOPBACK)
  const { message, place } = stage.explainFailure(run)
  const said = message === undefined ? printed(run) : `: ${message}`
  throw new NotYet(
    `the app prints no line "Log in at URL"${hasEnded ? `, and ends with exit status ${run.status}` : ''}${said}`,
    place ?? MAIN,
  )
}

/** A whole login. */
async function finish(stage: Stage, server: CliServer, { isAway = false } = {}): Promise<Login> {
  const cli = await start(stage, server)
  if (isAway) cli.closeServers()
  return respond(stage, cli, server)
}

/** Sends the right response, and waits for the end. */
async function respond(stage: Stage, cli: CliRun, server: CliServer): Promise<Login> {
  const code = randomValue()
  const page = await cli.respond(encodeForm({ state: cli.state, code }))
  must(
    page?.status === 200,
    `the right response gets ${page?.status ?? 'no response'}, not 200`,
    LOOPBACK,
  )
  return { cli, server, page, code, run: await untilEnded(stage, cli) }
}

/** @throws {NotYet} if it doesn't end, and after that at once, because each of them takes long */
async function untilEnded(stage: Stage, cli: CliRun): Promise<EndedCli> {
  const known = runsOf(stage)
  must(!known.hangs, HANGS, MAIN)
  const run = await cli.untilEnded()
  known.hangs = run.status === undefined
  must(!known.hangs, HANGS, MAIN)
  return run
}

/** The parameters of an authorization request of lab-cli. */
function requestAt(redirect_uri: string): Fields {
  return { client_id: CLI, redirect_uri }
}

/** @throws {NotYet} if the server doesn't know lab-cli */
async function expectKnown(server: CheckDriver, scope?: string): Promise<void> {
  const page = await server.authorize({ ...requestAt(NO_PORT), scope })
  must(
    page.status === 200,
    page.status === 400 && /no client/i.test(textOf(page))
      ? "the server doesn't know lab-cli"
      : `an authorization request of lab-cli with redirect_uri=${NO_PORT}${scope ? ` and scope=${scope}` : ''} gets no login page: ${saw(page)}`,
    CLIENTS,
  )
}

/** @throws {NotYet} if lab-cli must have the registered port, as every other client */
async function expectPortVaries(server: CheckDriver): Promise<void> {
  const redirect_uri = loopback()
  const page = await server.authorize(requestAt(redirect_uri))
  must(
    page.status === 200,
    `with redirect_uri=${redirect_uri}, an authorization request of lab-cli gets no login page: ${saw(page)}`,
  )
}

/** A code for lab-cli. */
async function cliCode(server: CheckDriver, changes: Fields = {}): Promise<string> {
  await expectKnown(server, changes.scope)
  return server.code({ ...requestAt(NO_PORT), ...changes })
}

/** Posts a form as lab-cli. */
function post(
  server: CheckDriver,
  path: string,
  form: FormFields,
  headers: Fields = NO_HEADER,
): Promise<JsonAnswer> {
  return server.post(path, { client_id: CLI, ...form }, headers)
}

function redeem(
  server: CheckDriver,
  code: string,
  changes: Fields = {},
  headers: Fields = NO_HEADER,
): Promise<JsonAnswer> {
  return server.redeem(code, { ...requestAt(NO_PORT), ...changes }, headers)
}

/** Whether the API learns that a token works. */
async function inspect(server: CheckDriver, token: unknown): Promise<boolean> {
  const { body } = await server.post('/introspect', { token: String(token) }, AS_API)
  return body.active === true
}

/** A browser in which user0 is logged in at the server. */
async function loggedIn(server: CheckDriver, user = 'user0'): Promise<Browser> {
  const browser = server.browser()
  await browser.open(server.authorizeUrl(), { method: 'POST', body: credentials(user) })
  return browser
}

/** @throws {NotYet} unless an authorization request of lab-cli gets the consent page */
async function openConsent(server: CheckDriver, browser: Browser, scope: string): Promise<Page> {
  const page = await browser.open(server.authorizeUrl({ ...requestAt(NO_PORT), scope }))
  must(
    page.status === 200,
    queryOf(page).has('code')
      ? 'lab-cli gets a code, and the user saw no page'
      : `an authorization request of lab-cli gets no consent page: ${saw(page)}`,
  )
  return page
}

function boxesOn(page: Page): (string | undefined)[] {
  return html(page)
    .querySelectorAll('[type=checkbox]')
    .map((box) => box.getAttribute('value'))
}

/** @throws {NotYet} unless an allowed consent page leads to a code */
function expectCode(page: Page): string {
  const code = queryOf(page).get('code')
  must(code, `after Allow, lab-cli gets no code: ${saw(page)}`)
  return code
}

/** A free or a taken port: the server must not care. Above those of the registered redirect URIs. */
function somePort(): number {
  return randomInt(26_000, 65_000)
}

function loopback(port = somePort()): string {
  return `http://127.0.0.1:${port}/callback`
}

/** Redirect URIs that are almost right. */
function wrongUris(port: number): string[] {
  return [
    `http://localhost:${port}/callback`,
    'http://localhost/callback',
    `http://[::1]:${port}/callback`,
    `http://127.0.0.2:${port}/callback`,
    `http://127.1:${port}/callback`,
    `http://127a0a0a1:${port}/callback`,
    `http://0.0.0.0:${port}/callback`,
    `http://evil.example:${port}/callback`,
    `http://127.0.0.1.evil.example:${port}/callback`,
    `http://127.0.0.1:${port}@evil.example/callback`,
    `http://evil.example/callback?http://127.0.0.1:${port}/callback`,
    `http://user@127.0.0.1:${port}/callback`,
    `https://127.0.0.1:${port}/callback`,
    `HTTP://127.0.0.1:${port}/callback`,
    `http://127.0.0.1:${port}`,
    `http://127.0.0.1:${port}/`,
    `http://127.0.0.1:${port}/callback/`,
    `http://127.0.0.1:${port}/callback/x`,
    `http://127.0.0.1:${port}/Callback`,
    `http://127.0.0.1:${port}/x/../callback`,
    `http://127.0.0.1:${port}/callback?a=b`,
    `http://127.0.0.1:${port}/callback?`,
    `http://127.0.0.1:${port}/callback#a`,
    `http://127.0.0.1/callback:${port}`,
    `http://127.0.0.1:${port}:${port}/callback`,
    `http://127.0.0.1:${port}/callback\n`,
    `x http://127.0.0.1:${port}/callback`,
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:99999/callback',
    'http://127.0.0.1:100000/callback',
    'http://127.0.0.1:080/callback',
    'http://127.0.0.1:/callback',
    'http://127.0.0.1:8e3/callback',
    'http://127.0.0.1:-1/callback',
  ]
}

/** @throws {NotYet} unless an authorization request gets a 400 page, with the password and without */
async function expectNoRedirect(server: CheckDriver, request: Fields, who: string): Promise<void> {
  const what = `an authorization request of ${who} with redirect_uri=${JSON.stringify(request.redirect_uri)}`
  for (const page of [await server.authorize(request), await server.logIn(request)]) {
    must(
      page.status === 400 && page.location === undefined,
      `${what} gets no 400 page: ${saw(page)}`,
    )
  }
}

/** @throws {NotYet} unless the CLI still accepts the right response */
async function expectAccepts(cli: CliRun, when: string): Promise<void> {
  const page = await cli.respond(`state=${cli.state}&code=${randomValue()}`)
  must(
    page?.status === 200,
    `${when}, the right one gets ${page === undefined ? 'no response: nothing listens any more' : page.status}`,
  )
}

/** @throws {NotYet} if a request of the CLI has a secret */
function expectNoSecret({ form, authorization }: CliRequest, what: string): void {
  must(
    !form.get('client_secret') && authorization === '',
    `the ${what} has a secret: everyone who has the app has that, too`,
  )
}

/** @throws {NotYet} unless the CLI revoked its tokens */
function expectRevoked(server: CliServer, when: string): void {
  const revocations = server.to('POST /revoke')
  must(
    revocations.length > 0,
    `${when}it sends nothing to POST /revoke, and leaves its tokens behind`,
  )
  for (const request of revocations) {
    expectNoSecret(request, 'revocation request')
    const sent = request.form.get('client_id')
    must(sent === CLI, `the revocation request has client_id=${sent}, not ${CLI}`, LOGIN)
  }
  const tokens = revocations.map(({ form }) => form.get('token'))
  const [what, token] =
    server.refreshToken === undefined
      ? ['access token', server.accessToken]
      : ['refresh token', server.refreshToken]
  must(tokens.includes(token), `${when}it revokes something else than its ${what}`, LOGIN)
}

/** @throws {NotYet} unless the CLI printed one line on stderr, and ended with exit status 1 */
function expectFailure(
  { output, errors, status }: EndedCli,
  when: string,
  { file, endFile = file }: { file?: string | undefined; endFile?: string } = {},
): void {
  must(errors !== '', `${when}, it prints nothing on stderr`, file)
  must(
    /^[^\n]+\n?$/.test(errors),
    `${when}, it prints ${errors.trimEnd().split('\n').length} lines on stderr, not one: ${firstLine(errors)}`,
    endFile,
  )
  must(status === 1, `${when}, it ends with exit status ${status}`, endFile)
  const isRevoked = when.includes('/revoke')
  must(isRevoked || !output.includes('Logged in'), `${when}, it still says "Logged in"`, file)
}

/** What the CLI printed, in words. */
function printed({ output, errors }: EndedCli): string {
  const said = output.replace(/^Log in at .*\n/m, '') + errors
  return said === '' ? '' : `. It prints: ${firstLine(said)}`
}

function firstLine(text: string): string {
  return JSON.stringify(text.trim().split('\n', 1)[0]?.slice(0, 200) ?? '')
}

/** Whether anything listens on a port. */
async function reaches(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host)
  const isThere = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  return isThere.finally(() => socket.destroy())
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  return socket
}

/** Addresses of this machine at which the CLI must not listen. */
function otherAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
  const own = all.filter(({ family, internal }) => family === 'IPv4' && !internal)
  // Only Linux has all of 127.0.0.0/8.
  const loop = process.platform === 'linux' ? ['127.0.0.2'] : []
  return ['::1', ...loop, ...own.map(({ address }) => address)]
}
