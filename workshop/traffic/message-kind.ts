import { parseForm, parseJsonObject, pathOfAddress, splitAddress } from './http.ts'
import { type Exchange, headerValues, type Message, pathOf } from './message.ts'

/**
 * The set of parameters in the query of an address, known by its path. Sets have the names of the OAuth specifications.
 */
export function setOfQuery(address: string) {
  const path = pathOfAddress(address)
  // The server's forms repeat the request in their addresses, so that it is checked each time.
  if (['/authorize', '/consent', '/logout'].includes(path)) return 'authorization request'
  if (path === '/login') return 'login address'
  if (path !== '/callback') return 'unknown'
  const names = parseForm(splitAddress(address).query).map(([name]) => name)
  return names.includes('error') ? 'authorization error' : 'authorization response'
}

/** The sets of token requests with other parameters than those with a code, by their grant type. */
const TOKEN_REQUESTS = new Map<string | undefined, string>([
  ['refresh_token', 'refresh request'],
  ['client_credentials', 'client credentials request'],
])

/** The set in the form of a request. */
export function setOfForm(exchange: Exchange) {
  const path = pathOf(exchange)
  if (['/authorize', '/account'].includes(path)) return 'login form'
  if (path === '/consent') return 'consent form'
  if (path === '/account/disconnect') return 'disconnect form'
  if (path === '/revoke') return 'revocation request'
  if (path === '/introspect') return 'introspection request'
  if (path !== '/token') return 'unknown'
  return TOKEN_REQUESTS.get(grantTypeOf(exchange.request.body.text)) ?? 'token request'
}

/** The set in the JSON of a response. */
export function setOfJson(exchange: Exchange) {
  const path = pathOf(exchange)
  const refused = (exchange.answer?.status ?? 0) >= 400
  if (path === '/token') return refused ? 'token error' : 'token response'
  // RFC 7009 section 2.2.1: its errors are those of the token endpoint. A success has no body.
  if (path === '/revoke') return 'token error'
  // RFC 7662 section 2.3: the same.
  if (path === '/introspect') return refused ? 'token error' : 'introspection response'
  if (path === '/jwks') return 'key set'
  if (path.startsWith('/api/')) return refused ? 'resource error' : 'resource response'
  return 'unknown'
}

/** The name of a message, from the specification if there is one. */
export function titleOf({ kind, exchange }: Message): string {
  return kind === 'request' ? titleOfRequest(exchange) : titleOfAnswer(exchange)
}

/** Like its title, but all redirects to other addresses are of one kind. */
export function kindOf(message: Message): string {
  return titleOf(message).replace(/^Redirect to .*/, 'Other redirect')
}

const REQUESTS: Record<string, string> = {
  'client GET /': 'Start page',
  'client GET /login': 'Start a login',
  'client GET /profile': 'Profile page',
  'client GET /email': 'Email page',
  'client POST /logout': 'Log out',
  'server GET /authorize': 'Authorization request',
  'server POST /authorize': 'Login form',
  'server POST /consent': 'Consent form',
  'server POST /logout': 'Log out at the server',
  'server GET /account': 'Account page',
  'server POST /account': 'Login form',
  'server POST /account/disconnect': 'Disconnect form',
  'server POST /revoke': 'Revocation request',
  'server POST /introspect': 'Introspection request',
  'server GET /jwks': 'Key request',
}

function titleOfRequest(exchange: Exchange): string {
  const { program, request } = exchange
  const asked = `${program} ${request.method} ${pathOf(exchange)}`
  if (/^(?!server )\w+ GET \/callback$/.test(asked)) return capital(setOfQuery(request.url))
  if (asked === 'server POST /token') return capital(setOfForm(exchange))
  if (pathOf(exchange).startsWith('/api/')) return 'Resource request'
  return REQUESTS[asked] ?? 'Request'
}

function titleOfAnswer(exchange: Exchange): string {
  const { answer } = exchange
  if (answer === undefined) return 'Response'
  const [location] = headerValues(answer.headers, 'location')
  if (location !== undefined) {
    const set = setOfQuery(location)
    return set === 'unknown' ? `Redirect to ${pathOfAddress(location)}` : `Redirect with ${set}`
  }
  if (parseJsonObject(answer.body.text) !== undefined) {
    const set = setOfJson(exchange)
    if (set === 'unknown') return 'Response'
    const isRefresh = setOfForm(exchange) === 'refresh request' && set === 'token response'
    return isRefresh ? 'Refresh response' : capital(set)
  }
  const [type = ''] = headerValues(answer.headers, 'content-type')
  return type.startsWith('text/html') ? titleOfPage(exchange, answer.status) : 'Response'
}

function titleOfPage(exchange: Exchange, status: number): string {
  const path = pathOf(exchange)
  const isLogin = exchange.program === 'server' && ['/authorize', '/account'].includes(path)
  const text = exchange.answer?.body.text ?? ''
  if (isLogin && status === 200) {
    if (text.includes(' action="/consent?')) return 'Consent page'
    return text.includes(' action="/logout"') ? 'Connected apps' : 'Login page'
  }
  if (isLogin && status === 401) return 'Login page, again'
  return status < 400 ? 'Page' : 'Error page'
}

/** The value of `grant_type` in the form of a token request. */
export function grantTypeOf(form: string): string | undefined {
  return parseForm(form).find(([name]) => name === 'grant_type')?.[1]
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
