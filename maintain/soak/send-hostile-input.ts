import { connect, type Socket } from 'node:net'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { ConfigError, readConfig } from '@oauth-lab/shared/config.ts'
import { OAuthError } from '@oauth-lab/shared/oauth.ts'
import {
  type Parameters,
  parameter,
  parseParameters,
  soleParameter,
} from '@oauth-lab/shared/parameters.ts'
import { maskUrl } from '@oauth-lab/shared/request-log.ts'
import fc from 'fast-check'
import { conversationWith, type Input, type ProgramName, parameterText } from './inputs.ts'

/** What they say when the server gives them no usable response. */
const WITHOUT_SERVER: Partial<Record<ProgramName, number>> = { client: 502, api: 503 }

/** How long a connection may take for all of its responses, in milliseconds. */
const PATIENCE = 8_000
const AT_ONCE = 16
/** The number of conversations to make up at a time. */
const BATCH = 200

const STATUS_LINE = /HTTP\/1\.1 [2-9]\d\d /g
const STATUS_LINE_LENGTH = 'HTTP/1.1 200 '.length

/** Something that must not happen, with its cause. */
export class Finding extends ToldError {}

/** The number of responses by status. */
export type Statuses = Map<number, number>

/**
 * Sends a number of inputs to a program.
 *
 * @param seed the same inputs for the same seed
 * @param program the client may also respond with 502, and the API with 503
 * @throws {Finding} for a 5xx, for a missing response, and for a program that ended
 */
export async function fuzzProgram(
  origin: string,
  count: number,
  seed: number,
  program: ProgramName,
): Promise<Statuses> {
  const conversation = conversationWith(program)
  const statuses: Statuses = new Map()
  let sent = 0
  let batch = 0
  let conversations: Input[][] = []
  const lane = async () => {
    while (sent < count) {
      if (conversations.length === 0) {
        conversations = fc.sample(conversation, { numRuns: BATCH, seed: seed + batch })
        batch += 1
      }
      const inputs = conversations.pop() ?? []
      sent += inputs.length
      const answers = await converse(origin, inputs)
      judge(inputs, answers, program)
      for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return statuses
}

/**
 * Passes hostile text to everything that parses text: queries, forms, settings, addresses in the log.
 *
 * @throws fast-check's error with the smallest text that breaks a rule
 */
export function fuzzParsers(count: number, seed: number): void {
  const half = Math.ceil(count / 2)
  fc.assert(fc.property(parameterText, readsParameters), { numRuns: half, seed })
  fc.assert(
    fc.property(parameterText, (text) => masksSecrets(text) && readsSettings(text)),
    { numRuns: count - half, seed },
  )
}

/**
 * Sends a request slower than any honest client, and returns how long the program accepts it, in
 * milliseconds.
 *
 * @param head the part to send at once, before the slow part
 * @throws {Finding} if the program still reads after 20 seconds
 */
export async function sendSlowly(origin: string, head: string): Promise<number> {
  const from = performance.now()
  const socket = open(origin)
  socket.write(head)
  const drip = setInterval(() => socket.write('x'), 200)
  try {
    await closed(socket, 20_000)
    return performance.now() - from
  } catch {
    throw new Finding(`${origin} still read after 20 seconds of ${JSON.stringify(head)}`)
  } finally {
    clearInterval(drip)
  }
}

function readsParameters(text: string): boolean {
  const parameters = parseParameters(text)
  for (const name of ['state', '__proto__', 'constructor', 'toString']) {
    if (!isTextOrNothing(() => parameter(parameters, name))) return false
    if (!isTextOrNothing(() => soleParameter(parameters, name))) return false
  }
  return hasNoPrototype(parameters) && Object.keys(Object.prototype).length === 0
}

function isTextOrNothing(read: () => string | undefined): boolean {
  try {
    const value = read()
    return value === undefined || (typeof value === 'string' && value !== '')
  } catch (error) {
    return error instanceof OAuthError
  }
}

function hasNoPrototype(parameters: Parameters): boolean {
  return Object.getPrototypeOf(parameters) === null
}

function masksSecrets(text: string): boolean {
  const secret = 'S3cret-'.repeat(7)
  const shown = maskUrl(`/callback?${text.replaceAll('#', '')}&code=${secret}`)
  return !shown.includes(secret) && /^[\x20-\x7e]*$/.test(shown)
}

function readsSettings(text: string): boolean {
  for (const name of ['AUTH_SERVER_URL', 'CLIENT_ID', 'CLIENT_SECRET', 'CODE_TTL']) {
    try {
      readConfig({ [name]: text })
    } catch (error) {
      if (!(error instanceof ConfigError) || /[\n\r]/.test(error.message)) return false
    }
  }
  return true
}

function judge(inputs: Input[], answers: number[], program: ProgramName): void {
  const bad = answers.find((status) => status >= 500 && status !== WITHOUT_SERVER[program])
  if (bad !== undefined) throw new Finding(`${bad} to ${show(inputs)}`)
  // After a malformed request or a 431, the program closes the connection and reads nothing more.
  if (answers.includes(431) || inputs.some(({ isWhole }) => !isWhole)) return
  if (answers.length < inputs.length) {
    throw new Finding(`${answers.length} responses to ${inputs.length} requests: ${show(inputs)}`)
  }
}

async function converse(origin: string, inputs: Input[]): Promise<number[]> {
  const socket = open(origin)
  const answers: number[] = []
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
    for (const [line] of text.matchAll(STATUS_LINE)) answers.push(Number(line.slice(9, 12)))
    // Keeps what could be the start of a status line for the next chunk.
    text = text.slice(-STATUS_LINE_LENGTH + 1)
    if (answers.length >= inputs.length) socket.end()
  })
  socket.write(Buffer.concat(inputs.map(({ bytes }) => bytes)))
  // A truncated request gets its response once its end is known.
  if (inputs.some(({ isWhole }) => !isWhole)) socket.end()
  await closed(socket, PATIENCE).catch(() => {
    throw new Finding(`the response never ended to ${show(inputs)}`)
  })
  return answers
}

function open(origin: string): Socket {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  // A program may close the connection while more is on its way.
  return socket.on('error', () => socket.destroy()).on('end', () => socket.end())
}

function closed(socket: Socket, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error('too late'))
    }, patience)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function show(inputs: Input[]): string {
  const text = Buffer.concat(inputs.map(({ bytes }) => bytes)).toString('latin1')
  return JSON.stringify(text.length > 4_000 ? `${text.slice(0, 4_000)}...` : text)
}
