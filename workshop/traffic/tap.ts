import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The module that a program has to load first for its traffic to be seen. */
export const TAP = pathToFileURL(join(import.meta.dirname, 'tap.mjs')).href

/** A body as far as it is shown: its beginning, and its length in bytes. */
export interface Body {
  text: string
  size: number
}

/** What the tap in a program says. `id` counts the exchanges of one process; times are in milliseconds. */
export type TapMessage = { process: number } & (
  | {
      tap: 'request'
      id: number
      at: number
      /** Whether it is held. */
      waits: boolean
      /** Address and port of who asks. */
      peer: string
      method: string
      url: string
      httpVersion: string
      /** Names and values in turn, as they came. */
      headers: string[]
    }
  | { tap: 'body'; id: number; body: Body }
  /** A request that was held is let go. */
  | { tap: 'passed'; id: number }
  /** Told twice when it is held: as it waits, and as it goes. */
  | {
      tap: 'answer'
      id: number
      at: number
      waits: boolean
      status: number
      /** The status line and the headers, as they are on the wire. */
      head: string
      body: Body
    }
  /** The connection has ended before the answer. */
  | { tap: 'broken'; id: number }
  /** A connection that the program has opened, and its end. */
  | { tap: 'connected' | 'disconnected'; at: number; address: string }
)

/** What the tap is told. */
export type TapOrder =
  | { tap: 'hold'; on: boolean }
  | { tap: 'let go'; id: number; half: 'request' | 'answer' }

/** A longer text comes from no tap. In characters. */
const LONGEST_TEXT = 64 * 1024

type Test = (value: unknown) => boolean

const isNumber: Test = (value) => Number.isFinite(value)
const isFlag: Test = (value) => typeof value === 'boolean'
const isText: Test = (value) => typeof value === 'string' && value.length <= LONGEST_TEXT
const isTexts: Test = (value) => Array.isArray(value) && value.length < 5_000 && value.every(isText)
const isBody: Test = (value) => isText(Object(value).text) && isNumber(Object(value).size)

const TESTS: Record<string, Test> = {
  ...{
    id: isNumber,
    at: isNumber,
    status: isNumber,
    waits: isFlag,
    headers: isTexts,
    body: isBody,
  },
  ...{
    peer: isText,
    method: isText,
    url: isText,
    httpVersion: isText,
    head: isText,
    address: isText,
  },
}

/** What each message of the tap has to have. */
const FIELDS: { [Name in TapMessage['tap']]: string[] } = {
  request: ['id', 'at', 'waits', 'peer', 'method', 'url', 'httpVersion', 'headers'],
  body: ['id', 'body'],
  passed: ['id'],
  answer: ['id', 'at', 'waits', 'status', 'head', 'body'],
  broken: ['id'],
  connected: ['at', 'address'],
  disconnected: ['at', 'address'],
}

/** Whether something that a program said is what a tap says. A learner's copy can say anything to this process. */
export function isTapMessage(message: unknown): message is TapMessage {
  const said = Object(message)
  if (!Object.hasOwn(FIELDS, said.tap) || !isNumber(said.process)) return false
  return FIELDS[said.tap as TapMessage['tap']].every((name) => TESTS[name]?.(said[name]))
}
