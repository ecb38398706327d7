import { html, type Page } from '@oauth-lab/shared/testing/browser.ts'
import { jsonIn } from '@oauth-lab/shared/testing/exchange.ts'
import type { Exchange } from '@oauth-lab/shared/testing/recorder.ts'
import { readJwt } from './jwt.ts'
import { shorten } from './shorten.ts'
import type { Address, Message, MessageResponse, Parameter, Party } from './story.ts'

/** Parameters that are the same in every login. A story shows them only if they matter. */
const USUAL = new Set([
  'response_type',
  'client_id',
  'redirect_uri',
  'code_challenge_method',
  'token_type',
  'error_description',
  'iat',
  'exp',
  'aud',
  'iss',
  'keys',
])

/** What a description of a message depends on. */
export interface Words {
  /** Who an origin belongs to. */
  partyAt(origin: string): Address['at']
  /** Whose browser or account a value belongs to, if known. */
  ownerOf(value: string): Parameter['whose']
  /** Usual parameters that matter in this message. */
  show: readonly string[]
}

/**
 * Describes a browser's request and the page it received.
 *
 * @param headers the request headers that matter
 */
export function tellRequest(
  page: Page,
  words: Words,
  headers: Record<string, string> = {},
): Message {
  const address = tellAddress(page.url, words)
  const named = Object.entries(headers).map(([name, value]) => [`${name}:`, value] as const)
  const parameters = [
    ...address.parameters,
    ...tellParameters([...Object.entries(page.form), ...named], words),
  ]
  return { method: page.method, ...address, parameters, response: tellPage(page, words) }
}

/** Describes a message on the back channel. */
export function tellExchange(exchange: Exchange, at: Party, words: Words): Message {
  const { method, path, form, status, requestHeaders } = exchange
  const { error, error_description, message, ...rest } = jsonIn(exchange)
  const says = [error, error_description ?? message].filter((text) => text !== undefined).join(': ')
  const held = Object.entries(rest).map(([name, value]) => [name, tellValue(value)] as const)
  return {
    method,
    at,
    path,
    parameters: [
      ...tellAuthorization(requestHeaders.authorization?.toString(), words),
      ...tellParameters(Object.entries(form), words),
    ],
    response: {
      status,
      ...(says === '' ? {} : { says }),
      parameters: tellParameters(held, words),
    },
  }
}

function tellAddress(url: string, words: Words): Address {
  const { origin, pathname, searchParams, hash } = new URL(url)
  return {
    at: words.partyAt(origin),
    path: pathname + hash,
    parameters: tellParameters([...searchParams], words),
  }
}

function tellPage(page: Page, words: Words): MessageResponse {
  const { status, location } = page
  if (location !== undefined) {
    const where = URL.canParse(location) ? tellAddress(location, words) : undefined
    return { status, parameters: [], ...(where && { location: where }) }
  }
  const tree = html(page)
  const title = tree.querySelector('h1')?.text.trim()
  const problem = tree.querySelector('.problem')?.text.trim()
  const says = [title, problem].filter((text) => text !== undefined).join(': ')
  return { status, parameters: listedOn(page, words), ...(says === '' ? {} : { says }) }
}

/** The values that a page lists: names in `dt`, values in `dd`. */
function listedOn(page: Page, { ownerOf }: Words): Parameter[] {
  const values = html(page).querySelectorAll('dd')
  return html(page)
    .querySelectorAll('dt')
    .map((name, index) => {
      const value = values[index]?.text.trim() ?? ''
      return parameter(name.text.trim(), value, ownerOf(value))
    })
}

function tellParameters(
  pairs: readonly (readonly [string, string])[],
  { show, ownerOf }: Words,
): Parameter[] {
  return pairs
    .filter(([name]) => !USUAL.has(name) || show.includes(name))
    .map(([name, value]) => {
      const secret = ['password', 'client_secret'].includes(name) && !show.includes(name)
      return parameter(name, secret ? '****' : value, ownerOf(value))
    })
}

/** Hides the secret of a Basic header, unless the story is about it. */
function tellAuthorization(authorization: string | undefined, words: Words): Parameter[] {
  const [scheme = '', credentials = ''] = authorization?.split(' ') ?? []
  if (scheme === '') return []
  if (scheme !== 'Basic') {
    const { header, claims } = readJwt(credentials)
    return [
      parameter(`Authorization: ${scheme}`, credentials, words.ownerOf(credentials)),
      ...Object.entries({ ...header, ...claims })
        .filter(([name]) => words.show.includes(name))
        .map(([name, value]) => parameter(name, tellValue(value), undefined)),
    ]
  }
  const [name = '', secret = ''] = Buffer.from(credentials, 'base64').toString().split(':')
  const shown = words.show.includes('client_secret') ? decodeURIComponent(secret) : '****'
  return [parameter('Authorization: Basic', `${decodeURIComponent(name)}:${shown}`, undefined)]
}

function tellValue(value: unknown): string {
  if (typeof value !== 'object') return String(value)
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? shorten(part) : part))
}

function parameter(name: string, value: string, whose: Parameter['whose']): Parameter {
  return whose === undefined ? { name, value } : { name, value, whose }
}
