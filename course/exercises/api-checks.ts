import { basic, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import {
  answered,
  type CheckDriver,
  expectTokens,
  must,
  queryOf,
  type Stage,
  saw,
  textOf,
  WORKER,
} from './check-stage.ts'
import type { Tokens } from './stand-in.ts'
import { API } from './token-request-rules.ts'
import { BOTH } from './v06/checks.ts'

export const AS_API = { authorization: basic(API.id, API.secret) }
export const AS_WORKER = { authorization: basic(WORKER.id, WORKER.secret) }
/** The protected resources, with the scope of each. */
export const RESOURCES = { '/api/me': 'profile', '/api/email': 'email', '/api/stats': 'stats:read' }
export const PATHS = Object.keys(RESOURCES)
export const ALL_SCOPES = Object.values(RESOURCES).join(' ')

/** A code for a user's profile and email. */
export async function codeOf({ server }: Stage, user: string): Promise<string> {
  const url = server.authorizeUrl({ scope: BOTH })
  const page = await server.enterPassword(server.browser(), url, user)
  const code = queryOf(page).get('code')
  must(code, `a login of ${user} gets no code: ${saw(page)}`, 'server/routes/authorize.ts')
  return code
}

export async function tokenOf(server: CheckDriver): Promise<string> {
  return (await server.tokens()).access_token
}

/** @param file where to look if the worker gets none */
export async function workerToken(server: CheckDriver, file: string): Promise<string> {
  const answer = await server.token({ grant_type: 'client_credentials' }, AS_WORKER)
  expectTokens(answer, 'client_credentials of the worker', file)
  return String(answer.body.access_token)
}

/**
 * The tokens of a login in which all programs of the copy work together.
 *
 * @param file where to look if the worker gets no token
 * @throws {NotYet} if the API gives too much for one of them, or the worker doesn't count the users
 */
export async function loginForApi(stage: Stage, file: string): Promise<Tokens> {
  const { server, standIn } = stage
  const page = await stage.loginAtServer(stage.browser(), 'user1')
  must(textOf(page).includes('User Number 1'), "the final page doesn't show the user name")
  const sent: Tokens = JSON.parse(standIn.passedOnTokens ?? '{}')
  for (const [token, path, what] of [
    [sent.refresh_token, '/api/me', 'a refresh token'],
    [await workerToken(server, file), '/api/email', "the worker's token"],
    [sent.access_token, '/api/stats', "a user's token"],
  ]) {
    const { status } = await server.me(`Bearer ${token}`, path)
    must(status === 401 || status === 403, `GET ${path} with ${what} returns ${status}`)
  }
  const run = await stage.runWorker(server.serverUrl)
  must(
    run.status === 0 && run.output === '2 users\n',
    `with your server and your API, the worker prints ${JSON.stringify(run.output + run.errors)}`,
  )
  return sent
}

/** @throws {NotYet} unless the API accepted the token */
export function expectFound(
  { status, body }: JsonAnswer,
  path: string,
  when: string,
  file?: string,
): void {
  must(status === 200, `${when} GET ${path} returns ${answered(status, body)}, not 200`, file)
}

/** @throws {NotYet} unless the API rejected the token */
export function expectInvalid(
  { status, body, headers }: JsonAnswer,
  path: string,
  when: string,
  file?: string,
): void {
  must(
    status === 401 && body.error === 'invalid_token',
    `${when} GET ${path} returns ${answered(status, body)}, not 401 invalid_token`,
    file,
  )
  must(
    String(headers['www-authenticate']).includes('error="invalid_token"'),
    `${when} GET ${path} gets 401, and WWW-Authenticate doesn't have error="invalid_token"`,
    'api/bearer-auth.ts',
  )
}

/** @throws {NotYet} unless the API says that it can't tell */
export function expectUnavailable(
  { status, body, headers }: JsonAnswer,
  path: string,
  when: string,
): void {
  const returns = `when ${when}, GET ${path} returns ${answered(status, body)}`
  must(status === 503, `${returns}, not 503`)
  const { error, error_description: description } = body
  must(
    error === 'temporarily_unavailable' && typeof description === 'string' && description !== '',
    `${returns} without error "temporarily_unavailable" and an error_description in JSON`,
    'api/bearer-auth.ts',
  )
  must(
    /^[1-9]\d*$/.test(String(headers['retry-after'])),
    `${returns} without Retry-After and a number of seconds`,
    'api/bearer-auth.ts',
  )
  must(
    headers['www-authenticate'] === undefined,
    `${returns} with WWW-Authenticate, but no other token would help`,
    'api/bearer-auth.ts',
  )
}
