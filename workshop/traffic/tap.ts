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

/** Whether something that a program said comes from the tap in it. */
export function isTapMessage(message: unknown): message is TapMessage {
  return typeof message === 'object' && message !== null && 'tap' in message
}
