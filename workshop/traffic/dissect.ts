import {
  isForm,
  MOST_FIELDS,
  parseBasic,
  parseChallenge,
  parseCookies,
  parseForm,
  parseJsonObject,
  parseSetCookie,
  splitAddress,
} from './http.ts'
import { type Exchange, type Header, headerValues, type Message } from './message.ts'
import { setOfForm, setOfJson, setOfQuery } from './message-kind.ts'

/** One part of a message. */
export interface Field {
  name: string
  value: string
  /** Its row in explanations.md: the set it belongs to, and its name there. */
  topic: string
  /** The kind of its value, if it is worth following. */
  kind: ValueKind | undefined
}

/** The fields of one section of a message. */
export interface Section {
  title: string
  fields: Field[]
  /** Whether it has nothing to do with OAuth. */
  minor: boolean
}

/** The kinds of values worth following, by the names of their parameters. All but the first two are secrets. */
const KINDS = {
  client_id: 'client id',
  code_challenge: 'code challenge',
  client_secret: 'client secret',
  state: 'state',
  code: 'code',
  code_verifier: 'code verifier',
  consent: 'consent',
  csrf: 'csrf value',
  access_token: 'access token',
  refresh_token: 'refresh token',
  token: 'token',
  password: 'password',
} as const
const KIND_OF = new Map<string, ValueKind>(Object.entries(KINDS))

export type ValueKind = (typeof KINDS)[keyof typeof KINDS] | 'client credentials' | 'session'

/** Headers with their own section. */
const OWN_SECTION = ['authorization', 'cookie', 'set-cookie', 'location', 'www-authenticate']

/** Splits a message into all its fields. */
export function dissect({ kind, exchange }: Pick<Message, 'kind' | 'exchange'>): Section[] {
  const sections = kind === 'request' ? dissectRequest(exchange) : dissectAnswer(exchange)
  return sections.filter(({ fields }) => fields.length > 0)
}

function dissectRequest(exchange: Exchange): Section[] {
  const { url, headers, body } = exchange.request
  return [
    section('Query', parametersOf(setOfQuery(url), parseForm(splitAddress(url).query))),
    section('Form', isForm(headers) ? parametersOf(setOfForm(exchange), parseForm(body.text)) : []),
    ...headerValues(headers, 'authorization').map(dissectAuthorization),
    section('Cookies', headerValues(headers, 'cookie').flatMap(dissectCookies)),
    otherHeaders(headers),
  ]
}

function dissectAnswer(exchange: Exchange): Section[] {
  const { headers = [], body } = exchange.answer ?? {}
  const json = parseJsonObject(body?.text ?? '') ?? []
  const pairs = json.map(([name, value]): Header => [name, asText(value)])
  return [
    ...headerValues(headers, 'location').map(dissectLocation),
    ...headerValues(headers, 'set-cookie').map(dissectSetCookie),
    ...headerValues(headers, 'www-authenticate').map(dissectChallenge),
    section('JSON', parametersOf(setOfJson(exchange), pairs)),
    otherHeaders(headers),
  ]
}

function dissectAuthorization(value: string): Section {
  const title = 'Authorization'
  const basic = parseBasic(value)
  if (basic !== undefined) {
    const { id, secret, encoded } = basic
    return section(title, [
      field('client authentication', 'Basic', encoded, 'client credentials'),
      field('client authentication', 'client_id', id, 'client id'),
      field('client authentication', 'client_secret', secret, 'client secret'),
    ])
  }
  const [, token] = /^Bearer +(.+)$/i.exec(value) ?? []
  if (token === undefined) return section(title, [field('header', title, value)])
  return section(title, [field('resource request', 'Bearer', token, 'access token')])
}

function dissectCookies(header: string): Field[] {
  return parseCookies(header).map(([name, value]) => {
    const topic = `cookie: ${isOfTheLab(name) ? 'session' : 'other'} cookie`
    return { name, value, topic, kind: 'session' }
  })
}

function dissectSetCookie(header: string): Section {
  const { cookie, attributes } = parseSetCookie(header)
  const [name, value] = cookie
  // An empty cookie replaces one that the browser must delete.
  const what = isOfTheLab(name) ? 'new session cookie' : 'new other cookie'
  const topic = `cookie: ${value === '' ? 'ended cookie' : what}`
  return section('Set-Cookie', [
    { name, value, topic, kind: 'session' },
    ...attributes.map((attribute) => field('cookie attribute', ...attribute)),
  ])
}

function dissectLocation(address: string): Section {
  const { base, query } = splitAddress(address)
  return section('Location', [
    field('header', 'Location', base),
    ...parametersOf(setOfQuery(address), parseForm(query)),
  ])
}

function dissectChallenge(header: string): Section {
  const { scheme, parameters } = parseChallenge(header)
  return section('WWW-Authenticate', [
    field('challenge', scheme, ''),
    ...parametersOf(`${scheme} challenge`, parameters),
  ])
}

function otherHeaders(headers: Header[]): Section {
  const others = headers.filter(([name]) => !OWN_SECTION.includes(name.toLowerCase()))
  return { ...section('Other headers', parametersOf('header', others)), minor: true }
}

function parametersOf(set: string, pairs: [name: string, value: string][]): Field[] {
  return pairs.map(([name, value]) => field(set, name, value, KIND_OF.get(name)))
}

function section(title: string, fields: Field[]): Section {
  if (fields.length <= MOST_FIELDS) return { title, fields, minor: false }
  const rest = { name: '...', value: "The rest isn't shown.", topic: '', kind: undefined }
  return { title, fields: [...fields.slice(0, MOST_FIELDS), rest], minor: false }
}

function field(set: string, name: string, value: string, kind?: ValueKind): Field {
  return { name, value, topic: `${set}: ${name.toLowerCase()}`, kind }
}

/** A cookie of the lab has its program's port in the name. A copy may name its own differently. */
function isOfTheLab(name: string): boolean {
  return /^oauth_lab_\d+$/.test(name)
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value)
  } catch {
    return 'This is nested too deeply to show.'
  }
}
