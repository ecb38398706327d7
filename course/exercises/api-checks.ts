import { basic, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import {
  answered,
  type CheckDriver,
  must,
  queryOf,
  type Stage,
  saw,
  WORKER,
} from './check-stage.ts'
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
  const { status, body } = await server.token({ grant_type: 'client_credentials' }, AS_WORKER)
  must(
    status === 200 && typeof body.access_token === 'string',
    `client_credentials of the worker gets ${answered(status, body)}`,
    file,
  )
  return body.access_token
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
