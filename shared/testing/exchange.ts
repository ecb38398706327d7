import { Agent, type Dispatcher, request } from 'undici'

/** Names in lowercase. */
export type Headers = Record<string, string | string[] | undefined>

/** One request and its response. */
export interface Exchange {
  method: string
  /** Absolute. */
  url: string
  requestHeaders: Headers
  /** The fields of the form that was sent, or empty without one. */
  form: Record<string, string>
  status: number
  headers: Headers
  body: string
  /** The absolute URL that a redirect leads to. */
  location: string | undefined
}

/** Values by name. Undefined leaves out a value that would be sent. A list sends it several times. */
export type FormFields = Record<string, string | readonly string[] | undefined>

/** What a request has besides its URL. */
export interface RequestOptions {
  method?: string
  /** Undefined leaves a header out. */
  headers?: Record<string, string | undefined>
  /** A form when it is an object. */
  body?: string | FormFields
}

/** Sends one request. Follows no redirects and stores no cookies. */
export type Send = (url: string, options?: RequestOptions) => Promise<Exchange>

const FORM = 'application/x-www-form-urlencoded'
/** The longest body to read, in bytes, because a program may send an endless one. */
export const LONGEST_BODY = 10_000_000
const HERE = ['localhost', '127.0.0.1', '[::1]']

/** Sends requests over its own connections. */
export function sendOver(dispatcher: Dispatcher): Send {
  return async (url, { method = 'GET', headers = {}, body } = {}) => {
    const isForm = typeof body === 'object'
    const sent = isForm ? encodeForm(body) : body
    const requestHeaders = { ...(isForm && { 'content-type': FORM }), ...headers }
    const response = await request(url, {
      method: method as Dispatcher.HttpMethod,
      headers: requestHeaders,
      body: sent ?? null,
      dispatcher,
    })
    const { location } = response.headers
    return {
      method,
      url,
      requestHeaders,
      form: isForm ? Object.fromEntries(new URLSearchParams(sent)) : {},
      status: response.statusCode,
      headers: response.headers,
      body: await response.body.text(),
      location: typeof location === 'string' ? new URL(location, url).href : undefined,
    }
  }
}

const sendAnywhere = sendOver(new Agent({ keepAliveTimeout: 100, maxResponseSize: LONGEST_BODY }))

/** Sends a request over shared connections, to this machine only: the redirect of a copy may lead anywhere. */
export const send: Send = async (url, options) => {
  if (HERE.includes(new URL(url).hostname)) return sendAnywhere(url, options)
  throw new Error(`${url} is not an address of this machine`)
}

/** Reads the JSON in a body. An empty one counts as an empty object. */
export function jsonIn({ body }: Pick<Exchange, 'body'>): Record<string, unknown> {
  return body === '' ? {} : JSON.parse(body)
}

/** Encodes fields as a form or a query. */
export function encodeForm(fields: FormFields): string {
  const pairs = Object.entries(fields).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => [name, value] as [string, string]),
  )
  return new URLSearchParams(pairs).toString()
}
