import { PROGRAM_NAMES, programsOf, titleOfProgram } from '../programs/programs.ts'

/** A name and its value. Names may repeat. */
export type Row = [name: string, value: string]

/** A request to a program of the lab, in parts that a person can change. It names a program, never a host. */
export interface Draft {
  /** `server`, `client` or `api`. */
  program: string
  method: string
  /** Starts with one slash, and has no query. */
  path: string
  query: Row[]
  /** Without the host, the length and the form's content type: the sender sets them. */
  headers: Row[]
  body: { form: Row[] } | { text: string } | undefined
}

/** What a version responds: the status, and words that the response contains. */
export interface Expected {
  status: number
  words: string
}

/** A negative test of a lesson, ready to be sent. */
export interface PreparedRequest {
  /** Unique in its lesson: `foreign-state`. */
  id: string
  /** The anchor of its section in "Try it". */
  section: string
  /** What is wrong with it, in plain words. */
  title: string
  /** What happens before, in words. Undefined if nothing has to. */
  first: string | undefined
  /** With `{names}` in place of values that each run has anew: see fresh-values.ts. */
  draft: Draft
  expected: Expected
  /** What the version before responds to the same. Means nothing in the first version. */
  before: Expected
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** The most rows of a kind, and the most characters of a whole request. */
export const MOST_ROWS = 100
const LONGEST = 100_000

/** RFC 9110 section 5.6.2 */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
/** RFC 9110 section 5.5: anything but control characters, in one byte each. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Headers that describe the connection or the body, so only the sender knows them. */
const FROM_SENDING = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'proxy-connection',
])

/** Whether the sender sets this header, so nobody else can. */
export function isFromSending(header: string): boolean {
  return FROM_SENDING.has(header.toLowerCase())
}

/** Why a request can't be sent, in words for the person who wrote it. Undefined if it can. */
export function troubleIn(draft: Draft): string | undefined {
  const { program, method, path, query, headers, body } = draft
  if (!PROGRAM_NAMES.some((name) => name === program)) {
    return `Requests go to a program of the lab only: ${PROGRAM_NAMES.map(titleOfProgram).join(', ')}.`
  }
  if (!METHODS.includes(method)) return `The method must be one of these: ${METHODS.join(', ')}.`
  const form = body !== undefined && 'form' in body ? body.form : []
  if ([query, headers, form].some((rows) => rows.length > MOST_ROWS)) {
    return `A request can have ${MOST_ROWS} rows of each kind at most.`
  }
  if (JSON.stringify(draft).length > LONGEST) {
    return `The request is too large: this editor sends ${LONGEST} characters at most.`
  }
  return (
    troubleInPath(path) ?? headers.map(troubleInHeader).find((trouble) => trouble !== undefined)
  )
}

function troubleInPath(path: string): string | undefined {
  if (!path.startsWith('/')) {
    return 'The path must start with a slash. The host comes from the program, so a request never leaves the lab.'
  }
  if (path.startsWith('//')) {
    return 'The path must start with one slash only: two would name another host.'
  }
  if (path.includes('\\')) return 'The path must not have a backslash. Write %5C to send one.'
  if (/[?#]/.test(path)) {
    return 'The path must not have ? or #. Each parameter of the query has its own row. Write %3F or %23 to send one in the path.'
  }
  if (!/^[\x21-\x7e]+$/.test(path)) {
    return 'The path must have no spaces, line breaks or other special characters. Percent-encode them, such as %20.'
  }
  return undefined
}

/** Why a header can't be sent, in words. Undefined if it can. */
export function troubleInHeader([name, value]: Row): string | undefined {
  if (!TOKEN.test(name)) {
    return `${JSON.stringify(name)} can't be the name of a header: use letters, digits and hyphens.`
  }
  if (isFromSending(name)) {
    return `The header ${name} is set when the request is sent. Leave out this row.`
  }
  if (!HEADER_VALUE.test(value)) {
    return `The header ${name} must not have line breaks or other special characters: it would be another header.`
  }
  return undefined
}

/** Path and query, as the request line has them. */
export function targetOf({ path, query }: Draft): string {
  return query.length === 0 ? path : `${path}?${encodeRows(query)}`
}

/** The headers to send, with the content type of a form unless a row says otherwise. */
export function headersOf({ headers, body }: Draft): Row[] {
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type')
  if (hasType || body === undefined || 'text' in body) return headers
  return [...headers, ['content-type', 'application/x-www-form-urlencoded']]
}

/** The body as it is sent. */
export function bodyOf({ body }: Draft): string | undefined {
  return body && ('form' in body ? encodeRows(body.form) : body.text)
}

/** Rows as a query or a form. RFC 6749 appendix B */
export function encodeRows(rows: Row[]): string {
  return new URLSearchParams(rows).toString()
}

/** The rows of a query or a form. */
export function decodeRows(text: string): Row[] {
  return [...new URLSearchParams(text)]
}

/** The same request at a version. Until v11, the authorization server serves the resource. */
export function draftAt(version: { folder: string }, draft: Draft): Draft {
  const isThere = programsOf(version).listening.some((name) => name === draft.program)
  return isThere ? draft : { ...draft, program: 'server' }
}

/** The texts of a request, except for the program and the method. */
export function textsOf({ path, query, headers, body }: Draft): string[] {
  const texts = body && ('form' in body ? body.form.flat() : [body.text])
  return [path, ...query.flat(), ...headers.flat(), ...(texts ?? [])]
}

/** The same request with each of these texts changed. */
export function mapTexts(draft: Draft, change: (text: string) => string): Draft {
  const mapRows = (rows: Row[]) => rows.map(([name, value]): Row => [change(name), change(value)])
  const { path, query, headers, body } = draft
  return {
    ...draft,
    path: change(path),
    query: mapRows(query),
    headers: mapRows(headers),
    body: body && ('form' in body ? { form: mapRows(body.form) } : { text: change(body.text) }),
  }
}
