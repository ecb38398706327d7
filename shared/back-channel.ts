import { Agent, request } from 'undici'
import { PageError } from './page-error.ts'

/** How long a server may take for its whole response, in milliseconds. */
const PATIENCE = 5_000
/** The largest response, in bytes. */
const LARGEST_RESPONSE = 64 * 1024

const agent = new Agent({ maxResponseSize: LARGEST_RESPONSE, connections: 64 })

/** The HTTP status, and the JSON object in the body. */
export interface BackChannelResponse {
  status: number
  body: Record<string, unknown>
}

export interface BackChannelRequest {
  method: 'GET' | 'POST'
  headers: Record<string, string>
  /** Sent unchanged. */
  body?: string
  /** The status of the response says everything, so its body may be anything. RFC 7009 section 2.2 */
  ignoreBody?: boolean
}

/**
 * Calls a server directly, not through the browser, and reads its JSON response. It doesn't follow
 * redirects, which could send credentials to an unregistered place.
 *
 * @throws {PageError} 502 if the server isn't running, is too slow, or doesn't send a JSON object
 */
export async function callBackChannel(
  url: string,
  { ignoreBody = false, ...options }: BackChannelRequest,
): Promise<BackChannelResponse> {
  const signal = AbortSignal.timeout(PATIENCE)
  const { statusCode, text } = await request(url, { ...options, signal, dispatcher: agent })
    .then(async ({ statusCode, body }) => ({ statusCode, text: await body.text() }))
    .catch((error: Error) => {
      throw signal.aborted
        ? badGateway(url, `did not respond within ${PATIENCE / 1000} seconds`)
        : badGateway(url, explain(error))
    })
  // RFC 6750 section 3: a 401 or 403 says everything in its headers, so its body may be anything.
  const mayBeAnything = ignoreBody || [401, 403].includes(statusCode)
  const body = parseObject(text) ?? (mayBeAnything ? {} : undefined)
  if (body === undefined) throw badResponse(url, statusCode)
  return { status: statusCode, body }
}

/**
 * Posts a form to a server, and returns the JSON object in its response: an empty one if the body is anything else.
 *
 * @throws {Error} with the server's own error if it rejects the form. RFC 6749 section 5.2
 * @throws {PageError} 502 for everything else that goes wrong
 */
export async function postForm(
  url: string,
  form: Record<string, string>,
): Promise<BackChannelResponse['body']> {
  const { status, body } = await callBackChannel(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    ignoreBody: true,
  })
  if (status === 200) return body
  const { error, error_description = 'It gave no reason' } = body
  if (![400, 401].includes(status) || typeof error !== 'string') throw badResponse(url, status)
  throw new Error(`The server at ${url} rejected the request: ${error}. ${error_description}.`)
}

/** The error for a response that makes no sense. */
export function badResponse(url: string, status: number): PageError {
  if (status === 503) return badGateway(url, 'is temporarily unavailable (status 503)')
  return badGateway(url, `sent a response that makes no sense (status ${status})`)
}

function badGateway(url: string, what: string): PageError {
  return new PageError(
    502,
    'No usable response from the server',
    `The server at ${url} ${what}. Check that it is running, then try again.`,
    { href: '/', text: 'Back to the start' },
  )
}

function explain(error: Error): string {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'is not running (connection refused)'
  if (code === 'ENOTFOUND') return 'was not found (no machine has that name)'
  // Before there was a connection, or during the TLS handshake.
  if (
    syscall === 'getaddrinfo' ||
    syscall === 'connect' ||
    /^ERR_(SSL|TLS)|CERT/.test(code ?? '')
  ) {
    return `can't be reached (${code})`
  }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return 'sent a response that is too large'
  return `broke off its response (${code ?? error.message})`
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Invalid JSON gets the same error as JSON that isn't an object.
  }
  return undefined
}
