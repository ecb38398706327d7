import { buildConnector, Client } from 'undici'
import type { Addresses, ProgramName } from '../programs/programs.ts'
import { titleOfProgram } from '../programs/programs.ts'
import { ToldError } from '../told-error.ts'
import { bodyOf, type Draft, headersOf, type Row, targetOf, troubleIn } from './request-draft.ts'

/** How long a program may take for its whole response, in milliseconds. */
const PATIENCE = 10_000
/** The longest body to read, in bytes. */
const LONGEST_BODY = 256 * 1024

/** Gets the address and port of a connection, as the tap of a program reports them: when it opens, and when it ends. */
export type TellPeer = (peer: string, isOpen: boolean) => void

/** The response to a request, as the program sent it. */
export interface Answer {
  status: number
  headers: Row[]
  body: string
  /** Why the end of the body is missing, in words. Undefined for a whole one. */
  cut: string | undefined
  /** Milliseconds until the end of the body. */
  took: number
  /** The sender's address and port, which nothing else has at that moment. */
  peer: string
}

/**
 * Sends a request to a program of the lab, and to nothing else. Follows no redirects and stores no cookies.
 *
 * @param options.patience how long the response may take, in milliseconds. Infinity while a person holds the messages
 * @param options.tell gets the sender's address and port, first before the request is sent
 * @throws {ToldError} if the request can't be sent, or gets no response
 */
export async function sendDraft(
  draft: Draft,
  addresses: Addresses,
  { patience = PATIENCE, tell = () => {} }: { patience?: number; tell?: TellPeer } = {},
): Promise<Answer> {
  const trouble = troubleIn(draft)
  if (trouble !== undefined) throw new ToldError(trouble)
  const name = titleOfProgram(draft.program)
  const began = performance.now()
  const aborted = new AbortController()
  const limit = Number.isFinite(patience) ? setTimeout(() => aborted.abort(), patience) : undefined
  let peer = ''
  // Only the program's own address: the draft has no part in it. A connection of its own shows who sent what.
  const connection = new Client(addresses[draft.program as ProgramName], {
    connect: connectorThatTells((address, isOpen) => {
      peer = address
      tell(address, isOpen)
    }),
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  try {
    const { statusCode, headers, body } = await connection.request({
      path: targetOf(draft),
      method: draft.method as 'GET',
      headers: headersOf(draft).flat(),
      body: bodyOf(draft) ?? null,
      signal: aborted.signal,
    })
    return {
      status: statusCode,
      headers: Object.entries(headers).flatMap(([header, values]) =>
        [values ?? []].flat().map((value): Row => [header, value]),
      ),
      ...(await readStart(body, aborted.signal)),
      took: performance.now() - began,
      peer,
    }
  } catch (error) {
    throw new ToldError(
      aborted.signal.aborted
        ? `The ${name} sent no response within ${patience / 1000} seconds. If its messages are held, send them on.`
        : `The ${name} sent no response: ${explain(error as NodeJS.ErrnoException)}.`,
    )
  } finally {
    clearTimeout(limit)
    connection.destroy()
  }
}

/** Opens connections, and tells the address and port of this side. */
export function connectorThatTells(tell: TellPeer): buildConnector.connector {
  const connect = buildConnector({})
  return (options, done) => {
    connect(options, (...opened) => {
      const [, socket] = opened
      if (socket) {
        const { localAddress = '', localPort } = socket
        const peer = `${localAddress.replace(/^::ffff:/, '')} ${localPort}`
        tell(peer, true)
        socket.once('close', () => tell(peer, false))
      }
      done(...opened)
    })
  }
}

/** The start of a body: all of it, unless it is too long or doesn't end in time. */
async function readStart(
  body: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<{ body: string; cut: string | undefined }> {
  const chunks: Buffer[] = []
  let size = 0
  let cut: string | undefined
  try {
    for await (const chunk of body) {
      chunks.push(chunk.subarray(0, LONGEST_BODY - size))
      size += chunk.length
      if (size <= LONGEST_BODY) continue
      cut = `The rest isn't shown: only the first ${LONGEST_BODY / 1024} KiB were read.`
      break
    }
  } catch {
    cut = signal.aborted
      ? "The rest isn't shown: the response did not end in time."
      : 'The rest is missing: the connection broke.'
  }
  return { body: Buffer.concat(chunks).toString(), cut }
}

function explain({ code, name, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return "it isn't running"
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'its headers are too large'
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') return 'it closed the connection'
  if (name === 'HTTPParserError' || code === 'ERR_ASSERTION') return "it isn't valid HTTP"
  return code === undefined ? message : `${message} (${code})`
}
