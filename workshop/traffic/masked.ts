import { mask } from '@oauth-lab/shared/request-log.ts'
import { isForm, parseChallenge, parseCookies, parseForm } from './http.ts'
import type { Exchange, Header } from './message.ts'
import type { Body } from './tap.ts'
import type { Values } from './values.ts'

/** Fields whose values aren't secret. All others are masked. */
const PLAIN_FIELDS = new Set([
  'response_type',
  'grant_type',
  'client_id',
  'redirect_uri',
  'code_challenge',
  'code_challenge_method',
  'scope',
  'decision',
  'for',
  'realm',
  'token_type',
  'token_type_hint',
  'expires_in',
  'error',
  'error_description',
  // What a token says in plain text. RFC 7662 section 2.2
  'sub',
  'aud',
  'iss',
  'iat',
  'exp',
  // A public key. RFC 7517 section 4
  'kty',
  'crv',
  'x',
  'y',
  'kid',
  'alg',
  'use',
])
const HIDDEN = '****'
/** Headers with credentials, or with an address somewhere inside. */
const SECRET_HEADER = /auth|token|secret|key|session|^(link|refresh)$/i
const LEFT_OUT = 'Left out: secrets can be masked only in forms and JSON.'

/**
 * An exchange without its secrets. Everything with fields is parsed and written again, so no encoding of a
 * secret escapes, not even of a short one.
 *
 * @param values also masked wherever else they appear
 */
export function maskExchange(exchange: Exchange, values: Values): Exchange {
  const { request, answer } = exchange
  const maskHeaders = (headers: Header[]) => {
    return headers.map(([name, value]): Header => [name, maskHeader(name, value, values)])
  }
  return {
    ...exchange,
    request: {
      ...request,
      url: maskAddress(request.url, values),
      headers: maskHeaders(request.headers),
      body: maskBody(request.body, request.headers, values),
    },
    answer: answer && {
      ...answer,
      reason: values.mask(answer.reason),
      headers: maskHeaders(answer.headers),
      body: maskBody(answer.body, answer.headers, values),
    },
  }
}

function maskHeader(name: string, value: string, values: Values): string {
  switch (name.toLowerCase()) {
    case 'authorization': {
      const [, scheme = '', token = ''] = /^(?:(Basic|Bearer) +)?(.*)$/i.exec(value) ?? []
      // The last characters of Basic may be a whole short secret.
      return scheme.toLowerCase() === 'bearer'
        ? `Bearer ${mask(token)}`
        : `${scheme} ${HIDDEN}`.trim()
    }
    case 'cookie':
      return parseCookies(value).map(maskCookie).join('; ')
    case 'set-cookie': {
      const [cookie = ''] = value.split(';', 1)
      return parseCookies(cookie).map(maskCookie).join('') + value.slice(cookie.length)
    }
    case 'location':
    case 'content-location':
    case 'referer':
      return maskAddress(value, values)
    case 'www-authenticate': {
      const { scheme, parameters } = parseChallenge(value)
      const written = parameters.map((pair) => `${pair[0]}="${maskField(pair, values)}"`)
      return `${scheme} ${written.join(', ')}`.trimEnd()
    }
    default:
      return SECRET_HEADER.test(name) ? HIDDEN : values.mask(value)
  }
}

/** A part without a name is all value. */
function maskCookie([name, value]: Header): string {
  return value === '' ? `${mask(name)}=` : `${name}=${mask(value)}`
}

function maskAddress(address: string, values: Values): string {
  const [, base = '', query, fragment] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(address) ?? []
  return [
    values.mask(base.replace(/\/\/[^/]*@/, `//${HIDDEN}@`)),
    query === undefined ? '' : `?${maskForm(query, values)}`,
    fragment === undefined ? '' : `#${maskForm(fragment, values)}`,
  ].join('')
}

function maskForm(form: string, values: Values): string {
  const pairs = parseForm(form).map((pair): Header => {
    const [name, value] = pair
    // A part that isn't a pair may be a secret.
    if (value === '') return [PLAIN_FIELDS.has(name) ? name : mask(name), '']
    return [values.mask(name), maskField(pair, values)]
  })
  return new URLSearchParams(pairs).toString()
}

function maskField([name, value]: Header, values: Values): string {
  if (!PLAIN_FIELDS.has(name)) return mask(value)
  const [base = '', ...more] = values.mask(value).split(/[?#]/)
  const isAddress = /^(https?:|\/)/i.test(base)
  return isAddress && more.length > 0 ? `${base}?${HIDDEN}` : values.mask(value)
}

function maskBody({ text, size }: Body, headers: Header[], values: Values): Body {
  if (text === '') return { text, size }
  const masked = isForm(headers) ? maskForm(text, values) : maskJson(text, values)
  return { text: masked ?? LEFT_OUT, size }
}

function maskJson(text: string, values: Values): string | undefined {
  try {
    const value = JSON.parse(text, (name, value: unknown) => {
      if (typeof value === 'string') return maskField([name, value], values)
      return typeof value === 'number' && !PLAIN_FIELDS.has(name) ? HIDDEN : value
    })
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
