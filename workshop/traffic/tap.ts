import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The module that a program must load first so that its traffic is reported. */
export const TAP = pathToFileURL(join(import.meta.dirname, 'tap.mjs')).href

/** The shown part of a body: its start, and its length in bytes. */
export interface Body {
  text: string
  size: number
}

/** What a person changed in a held request. */
export interface RequestChanges {
  method: string
  url: string
  /** Names and values alternately. */
  headers: string[]
  /** Undefined leaves it as it is. */
  body: string | undefined
}

/** What a person changed in a held response. */
export type AnswerChanges = Pick<RequestChanges, 'headers' | 'body'> & { status: number }

/** What a program said when it refused a request, and where. */
export interface Refusal {
  /** The message of the error. Empty if the program refused without one. */
  message: string
  /** The calls that led there, the innermost first: file and line. */
  calls: string[]
}

/** A message from the tap in a program. `id` counts the exchanges of one process. Times are in milliseconds. */
export type TapMessage = { process: number } & (
  | {
      tap: 'request'
      id: number
      at: number
      /** Whether it is held. */
      waits: boolean
      /** Address and port of the sender. */
      peer: string
      method: string
      url: string
      httpVersion: string
      /** Names and values alternately, as received. */
      headers: string[]
    }
  | { tap: 'body'; id: number; body: Body }
  /** A held request is sent on, perhaps changed. */
  | { tap: 'passed'; id: number; changes: RequestChanges | null }
  /** Reported twice if it is held: when it waits, and when it is sent on. */
  | {
      tap: 'answer'
      id: number
      at: number
      waits: boolean
      status: number
      /** The status line and the headers, as on the wire. */
      head: string
      body: Body
      /** Whether a person changed it. */
      isChanged: boolean
      refusal: Refusal | null
    }
  /** The connection closed before the response. */
  | { tap: 'broken'; id: number }
  /** A connection that the program opened, and its end. */
  | { tap: 'connected' | 'disconnected'; at: number; address: string }
)

/** A message to the tap. */
export type TapOrder =
  | { tap: 'hold'; on: boolean }
  | {
      tap: 'let go'
      id: number
      half: 'request' | 'answer'
      changes?: RequestChanges | AnswerChanges | undefined
    }

/** The most calls of a stack from a tap. Each is looked up in the files. */
const MOST_CALLS = 100
/** The longest text from a tap, in characters. */
const LONGEST_TEXT = 64 * 1024

type Test = (value: unknown) => boolean

const isNumber: Test = (value) => Number.isFinite(value)
/** A date can have it. */
const isTime: Test = (value) => isNumber(value) && Math.abs(Number(value)) < 1e15
const isFlag: Test = (value) => typeof value === 'boolean'
const isText: Test = (value) => typeof value === 'string' && value.length <= LONGEST_TEXT
const isTexts: Test = (value) =>
  Array.isArray(value) &&
  value.length < 5_000 &&
  value.every(isText) &&
  value.join('').length <= 4 * LONGEST_TEXT
const isRefusal: Test = (value) => {
  const { message, calls } = Object(value)
  return value === null || (isText(message) && isTexts(calls) && calls.length <= MOST_CALLS)
}
const isChanges: Test = (value) => {
  const { method, url, headers, body } = Object(value)
  const isWhole = isText(method) && isText(url) && isTexts(headers)
  return value === null || (isWhole && (body === undefined || isText(body)))
}
const isBody: Test = (value) => isText(Object(value).text) && isNumber(Object(value).size)

const TESTS: Record<string, Test> = {
  id: isNumber,
  at: isTime,
  status: isNumber,
  waits: isFlag,
  headers: isTexts,
  body: isBody,
  isChanged: isFlag,
  refusal: isRefusal,
  changes: isChanges,
}

/** The fields that each message of the tap must have. */
const FIELDS: { [Name in TapMessage['tap']]: string[] } = {
  request: ['id', 'at', 'waits', 'peer', 'method', 'url', 'httpVersion', 'headers'],
  body: ['id', 'body'],
  passed: ['id', 'changes'],
  answer: ['id', 'at', 'waits', 'status', 'head', 'body', 'isChanged', 'refusal'],
  broken: ['id'],
  connected: ['at', 'address'],
  disconnected: ['at', 'address'],
}

/** Whether a message from a program has the form of a tap's. A learner's copy can send anything to this process. */
export function isTapMessage(message: unknown): message is TapMessage {
  const said = Object(message)
  if (!Object.hasOwn(FIELDS, said.tap) || !isNumber(said.process)) return false
  return FIELDS[said.tap as TapMessage['tap']].every((name) => (TESTS[name] ?? isText)(said[name]))
}
