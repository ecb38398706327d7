import { createHash } from 'node:crypto'

/** A request of the client at an endpoint for programs. */
export interface ProgramRequest {
  form: URLSearchParams
  authorization: string
  contentType: string
}

/** Why an authorization server rejects such a request. RFC 6749 section 5.2 */
export interface Refusal {
  status: 400 | 401
  error: string
  /** In words, without a period at the end. */
  reason: string
  /** The file of the client that builds this part of the request. */
  file: string
}

/** What the server knows when it gets a token request. */
export interface Known {
  redirectUri: string
  /** The codes that it sent through the browser and that no one has used. */
  codes: Set<string>
  /** The challenges of the authorization requests so far. */
  challenges: Set<string>
  /** With what each login was allowed; undefined in a version without scopes. */
  refreshTokens: Map<string, string[] | undefined>
}

const FORM = 'application/x-www-form-urlencoded'
const CLIENT = { id: 'lab-client', secret: 'lab-client-secret' }
/** The settings of the API: a program must not know the default ones by heart. */
export const API = { id: 'names-api', secret: 'open:50% & up' }
const TOKEN_REQUEST = 'client/token-request.ts'
const CALLBACK = 'client/routes/callback.ts'
const MANAGER = 'client/token-manager.ts'
const REVOCATION = 'client/revocation.ts'
const WORKER = 'worker/count-users.ts'
const INTROSPECTION = 'api/introspection.ts'
/** RFC 6749 section 3.3: token *( SP token ) */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/**
 * What is wrong with a token request, in the order a server checks it: the body, the client, the grant
 * type, the parameters, the grant. Undefined for a valid one.
 */
export function refusalOf(request: ProgramRequest, known: Known): Refusal | undefined {
  return refuseSender(request, TOKEN_REQUEST) ?? refuseGrant(request.form, known)
}

/**
 * What is wrong with a revocation request, in the same order. A token that the server doesn't know is
 * fine. RFC 7009 section 2.1
 */
export function refusalOfRevocation(request: ProgramRequest): Refusal | undefined {
  const wrong = refuseSender(request, REVOCATION)
  if (wrong !== undefined || request.form.get('token')) return wrong
  return refusal(400, 'invalid_request', REVOCATION)('it has no token')
}

/** What is wrong with an introspection request of the API. RFC 7662 section 2.1 */
export function refusalOfIntrospection(request: ProgramRequest): Refusal | undefined {
  const wrong = refuseSender(request, INTROSPECTION, API)
  if (wrong !== undefined || request.form.get('token')) return wrong
  return refusal(400, 'invalid_request', INTROSPECTION)('it has no token')
}

/** What is wrong with a token request of a client that acts for itself. RFC 6749 section 4.4.2 */
export function refusalOfWorker(
  request: ProgramRequest,
  { scopes, ...client }: typeof CLIENT & { scopes: string[] },
): Refusal | undefined {
  const wrong = refuseSender(request, WORKER, client)
  if (wrong !== undefined) return wrong
  const grantType = request.form.get('grant_type')
  if (!grantType) return refusal(400, 'invalid_request', WORKER)('it has no grant_type')
  if (grantType !== 'client_credentials') {
    const isKnown = ['authorization_code', 'refresh_token'].includes(grantType)
    const error = isKnown ? 'unauthorized_client' : 'unsupported_grant_type'
    return refusal(400, error, WORKER)(`its grant_type is ${JSON.stringify(grantType)}`)
  }
  const wrongOne = wrongScope(request.form.get('scope') ?? '', scopes)
  return wrongOne === undefined ? undefined : refusal(400, 'invalid_scope', WORKER)(wrongOne)
}

function refuseSender(request: ProgramRequest, file: string, client = CLIENT): Refusal | undefined {
  return refuseBody(request, file) ?? refuseClient(request, file, client)
}

function refuseBody({ contentType, form }: ProgramRequest, file: string): Refusal | undefined {
  const invalid = refusal(400, 'invalid_request', file)
  if (contentType.split(';')[0]?.trim().toLowerCase() !== FORM) {
    const sent = contentType === '' ? 'has no Content-Type' : `has Content-Type ${contentType}`
    return invalid(`it ${sent}, but a form needs ${FORM}`)
  }
  const twice = [...form.keys()].find((name) => form.getAll(name).length > 1)
  return twice === undefined ? undefined : invalid(`it has ${twice} twice`)
}

function refuseClient(
  { authorization, form }: ProgramRequest,
  file: string,
  client: typeof CLIENT,
): Refusal | undefined {
  const invalid = refusal(401, 'invalid_client', file)
  const [id, secret] = [form.get('client_id'), form.get('client_secret')]
  if (authorization === '') {
    if (!secret)
      return invalid(
        "it doesn't authenticate the client: there is no Authorization header and no client_secret",
      )
    if (id === client.id && secret === client.secret) return undefined
    return invalid('client_id or client_secret in its body is wrong')
  }
  if (secret) {
    const reason = 'it has the client secret twice: in Authorization and in the body'
    return refusal(400, 'invalid_request', file)(reason)
  }
  const [scheme = '', credentials = ''] = authorization.split(/ +/)
  if (scheme.toLowerCase() !== 'basic') return invalid("its Authorization header isn't Basic")
  const [name, password] = Buffer.from(credentials, 'base64').toString().split(':').map(formDecoded)
  if (name === client.id && password === client.secret) return undefined
  const pair = [client.id, client.secret].map(encodeURIComponent).join(':')
  return invalid(`its Authorization header isn't the base64 of ${pair}`)
}

function refuseGrant(form: URLSearchParams, known: Known): Refusal | undefined {
  const grantType = form.get('grant_type')
  if (grantType === 'authorization_code') return refuseCode(form, known)
  if (grantType === 'refresh_token') return refuseRefreshToken(form, known)
  if (!grantType) return refusal(400, 'invalid_request', CALLBACK)('it has no grant_type')
  const reason = `its grant_type is ${JSON.stringify(grantType)}`
  return refusal(400, 'unsupported_grant_type', CALLBACK)(reason)
}

function refuseCode(form: URLSearchParams, known: Known): Refusal | undefined {
  const { codes, challenges, redirectUri } = known
  const [code, uri] = [form.get('code'), form.get('redirect_uri')]
  if (!code) return refusal(400, 'invalid_request', CALLBACK)('it has no code')
  if (!uri) return refusal(400, 'invalid_request', CALLBACK)('it has no redirect_uri')
  const invalid = refusal(400, 'invalid_grant', CALLBACK)
  if (!codes.has(code))
    return invalid("its code isn't the one from the redirect, or was used before")
  if (uri !== redirectUri) return invalid(`its redirect_uri is ${uri}, not ${redirectUri}`)
  const verifier = form.get('code_verifier')
  // A version without PKCE sends none.
  if (!verifier || challenges.size === 0) return undefined
  if (challenges.has(createHash('sha256').update(verifier).digest('base64url'))) return undefined
  return invalid("its code_verifier doesn't match the code_challenge of this login")
}

function refuseRefreshToken(form: URLSearchParams, { refreshTokens }: Known): Refusal | undefined {
  const token = form.get('refresh_token')
  if (!token) return refusal(400, 'invalid_request', MANAGER)('it has no refresh_token')
  if (!refreshTokens.has(token)) {
    return refusal(400, 'invalid_grant', MANAGER)('its refresh_token is unknown or used')
  }
  const allowed = refreshTokens.get(token)
  const wrong = allowed && wrongScope(form.get('scope') ?? '', allowed)
  return wrong === undefined ? undefined : refusal(400, 'invalid_scope', MANAGER)(wrong)
}

/**
 * What is wrong with a scope parameter, in words; undefined when nothing is. RFC 6749 section 3.3
 *
 * @param scope an empty one counts as absent
 */
export function wrongScope(scope: string, allowed: string[]): string | undefined {
  if (scope === '') return undefined
  if (!SCOPE.test(scope)) {
    return `its scope is ${JSON.stringify(scope)}, but it should be names with one space between two`
  }
  const wrong = scope.split(' ').find((name) => !allowed.includes(name))
  if (wrong === undefined) return undefined
  return `its scope lists ${wrong}, but it may list only these: ${allowed.join(', ')}`
}

/** RFC 6749 section 2.3.1 */
function formDecoded(text: string): string | null {
  return new URLSearchParams(`text=${text}`).get('text')
}

function refusal(status: Refusal['status'], error: string, file: string) {
  return (reason: string): Refusal => ({ status, error, reason, file })
}
