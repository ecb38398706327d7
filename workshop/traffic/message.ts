import { titleOfProgram } from '@oauth-lab/course/programs/programs.ts'
import type { KnownVersion } from '../known-versions.ts'
import type { Body, Refusal } from './tap.ts'

/** `browser`, a program of the version, the editor of requests, or `other`: whoever else sends requests. */
export type Party = string

export const EDITOR = 'request editor'

/** The lanes that every diagram has, from left to right. */
const LANES = ['browser', 'client', 'server']

/** A header, as it was sent. */
export type Header = [name: string, value: string]

/** One request to a program, and its response. */
export interface Exchange {
  /** The receiver of the request. */
  program: string
  /** Its number, counted by the tap in that program. */
  id: number
  /** Unique, even after restarts. */
  key: string
  /** The sender of the request. */
  from: Party
  /** The sender's address and port. */
  peer: string
  /** The version that was running there. */
  version: KnownVersion
  request: {
    method: string
    /** Path and query, as sent. */
    url: string
    httpVersion: string
    headers: Header[]
    body: Body
  }
  answer: Answer | undefined
  /** Why there is no response, or why it never arrived. */
  trouble: string | undefined
  /** Why and where the program refused the request, if it did. */
  refusal: Refusal | undefined
}

export interface Answer {
  status: number
  /** The text after the status, such as `See Other`. */
  reason: string
  headers: Header[]
  body: Body
}

/** A request or a response from one party to another. */
export interface Message {
  kind: 'request' | 'answer'
  /** Counts messages in order of arrival here, which may differ from the order they were sent in. */
  id: number
  /** Increases with each change of any entry. */
  revision: number
  /** When it was sent, in milliseconds of the clock that all processes share. */
  at: number
  exchange: Exchange
  /** Whether it is held until someone sends it on. */
  waits: boolean
  /** Whether someone changed it while it was held. */
  isChanged: boolean
}

/** A note between the messages, such as the start of another version. */
export interface Note {
  kind: 'note'
  id: number
  revision: number
  at: number
  text: string
}

export type Entry = Message | Note

/** `front` goes through the browser, `back` directly between programs, and the others are neither. */
export type Channel = 'front' | 'back' | 'editor' | 'outside'

export function senderOf({ kind, exchange }: Message): Party {
  return kind === 'request' ? exchange.from : exchange.program
}

export function receiverOf({ kind, exchange }: Message): Party {
  return kind === 'request' ? exchange.program : exchange.from
}

export function channelOf({ exchange }: Message): Channel {
  if (exchange.from === 'browser') return 'front'
  if (exchange.from === EDITOR) return 'editor'
  return exchange.from === 'other' ? 'outside' : 'back'
}

/** The lanes of a diagram of these parties. */
export function lanesAmong(parties: readonly Party[]): string[] {
  return [...new Set([...LANES, ...parties])].filter((party) => !isStranger(party))
}

/** The class and the style of an arrow between two of these lanes. */
export function arrowBetween(sender: Party, receiver: Party, lanes: readonly string[]) {
  // Other senders share the browser's lane.
  const laneOf = (party: Party) => lanes.indexOf(isStranger(party) ? 'browser' : party)
  const [from, to] = [laneOf(sender), laneOf(receiver)]
  const way = from === to ? 'to-none' : from < to ? 'to-right' : 'to-left'
  return { way, place: `--first: ${Math.min(from, to) + 1}; --span: ${Math.abs(from - to) + 1}` }
}

function isStranger(party: Party): boolean {
  return party === 'other' || party === EDITOR
}

/** The name of a party on a page. */
export function wordsOf(party: Party): string {
  return party === 'other' ? 'another program' : titleOfProgram(party)
}

/** All parties that sent or received a request. */
export function partiesOf(entries: readonly Entry[]): Party[] {
  return entries.flatMap((entry) => {
    return entry.kind === 'note' ? [] : [entry.exchange.from, entry.exchange.program]
  })
}

/** The path of the request, without its query. */
export function pathOf({ request }: Exchange): string {
  return request.url.split(/[?#]/, 1)[0] ?? ''
}

/** The body of a message. */
export function bodyIn({ kind, exchange }: Message): Body {
  const { body } = kind === 'request' ? exchange.request : (exchange.answer ?? {})
  return body ?? { text: '', size: 0 }
}

/** Whether the traffic has only the start of a body. */
export function isCutOff({ text, size }: Body): boolean {
  return Buffer.byteLength(text) < size
}

/** All values of a header, whatever its case. */
export function headerValues(headers: Header[], name: string): string[] {
  return headers.filter(([known]) => known.toLowerCase() === name).map(([, value]) => value)
}
