import { basic, CODE_CHALLENGE, CODE_VERIFIER } from '@oauth-lab/shared/testing/driver.ts'
import type { FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import type { Draft, Row } from './request-draft.ts'

export const PKCE = { code_challenge: CODE_CHALLENGE, code_challenge_method: 'S256' }
export const VERIFIER = { code_verifier: CODE_VERIFIER }
/** A verifier of the right form, which fits no challenge. */
export const GUESS = { code_verifier: 'a-guess-that-is-long-enough-to-be-a-verifier' }
export const OTHER_CLIENT = {
  client_id: 'other-client',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}
export const CLI = { client_id: 'lab-cli', redirect_uri: 'http://127.0.0.1:50123/callback' }
export const USER = { username: 'user0', password: 'password0' }

export const AS_LAB = { authorization: '{basic}' }
export const AS_OTHER = as('other-client', 'other-client-secret')
export const AS_WORKER = { authorization: '{worker_basic}' }
export const AS_API = { authorization: '{api_basic}' }
/** What a browser adds to a form on a page of another site. W3C Fetch Metadata section 2.3 */
export const FOREIGN = { 'sec-fetch-site': 'cross-site' }

/** The header of a client with this secret. */
export function as(clientId: string, secret: string) {
  return { authorization: basic(clientId, secret) }
}

/** The header of someone who has this access token. */
export function bearer(token: string) {
  return { authorization: `Bearer ${token}` }
}

/**
 * A GET.
 *
 * @param to the path, after the name of the program unless that is the server: `client/profile`
 */
export function get(to: string, headers: FormFields = {}, query: FormFields = {}): Draft {
  return { ...at(to), method: 'GET', query: rows(query), headers: rows(headers), body: undefined }
}

/**
 * A form.
 *
 * @param to the path, after the name of the program unless that is the server
 */
export function post(
  to: string,
  form: FormFields,
  headers: FormFields = {},
  query: FormFields = {},
): Draft {
  const body = { form: rows(form) }
  return { ...at(to), method: 'POST', query: rows(query), headers: rows(headers), body }
}

/** An authorization request of lab-client, without PKCE, and right except for the changes. */
export function authorize(changes: FormFields = {}): Draft {
  return get('/authorize', {}, request(changes))
}

/** Its query. */
export function request(changes: FormFields = {}): FormFields {
  const right = { client_id: '{client_id}', redirect_uri: '{redirect_uri}' }
  return { response_type: 'code', ...right, ...changes }
}

/** A token request with a code, without a verifier, and right except for the changes. */
export function redeem(
  code: string,
  changes: FormFields = {},
  headers: FormFields = AS_LAB,
): Draft {
  const right = { grant_type: 'authorization_code', code, redirect_uri: '{redirect_uri}' }
  return post('/token', { ...right, ...changes }, headers)
}

/** A token request with a refresh token, right except for the changes. */
export function refresh(
  refresh_token: string | string[],
  changes: FormFields = {},
  headers: FormFields = AS_LAB,
): Draft {
  return post('/token', { grant_type: 'refresh_token', refresh_token, ...changes }, headers)
}

/** What a browser with these cookies delivers to the client. */
export function callback(cookie: string | undefined, query: FormFields): Draft {
  return get('client/callback', { cookie }, query)
}

function at(to: string): Pick<Draft, 'program' | 'path'> {
  const [program = '', ...path] = to.split('/')
  return { program: program || 'server', path: `/${path.join('/')}` }
}

function rows(fields: FormFields): Row[] {
  return Object.entries(fields).flatMap(([name, values]) =>
    [values ?? []].flat().map((value): Row => [name, value]),
  )
}
