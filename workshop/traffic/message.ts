import { type ProgramName, titleOfProgram } from '@oauth-lab/course/programs/programs.ts'
import type { KnownVersion } from '../known-versions.ts'
import type { Body } from './tap.ts'

/** Who takes part. `other` is what asks a program and is neither a browser nor a program that listens. */
export type Party = 'browser' | ProgramName | 'other'

/** Whoever has a lane of a diagram, from left to right. */
const LANES = ['browser', 'client', 'server', 'api'] as const
export type Lane = (typeof LANES)[number]

/** A header, as it was written. */
export type Header = [name: string, value: string]

/** One question to a program, and its answer. */
export interface Exchange {
  /** Who is asked. */
  program: ProgramName
  /** How the tap in it counts the exchange. */
  id: number
  /** The same for no other exchange, whatever was restarted meanwhile. */
  key: string
  /** Who asks. */
  from: Party
  /** The address and port from which they ask. */
  peer: string
  /** What ran there then. */
  version: KnownVersion
  request: {
    method: string
    /** Path and query, as they were sent. */
    url: string
    httpVersion: string
    headers: Header[]
    body: Body
  }
  answer: Answer | undefined
  /** Why there is no answer, or why nobody got it. */
  trouble: string | undefined
}

export interface Answer {
  status: number
  /** What stands beside the status, such as `See Other`. */
  reason: string
  headers: Header[]
  body: Body
}

/** A request or an answer: what goes from one party to another. */
export interface Message {
  kind: 'request' | 'answer'
  /** Counts up in the order of arrival here, which need not be that in which they were sent. */
  id: number
  /** Counts up with each change of any entry. */
  revision: number
  /** When it was sent, in milliseconds of the clock that the machine's processes share. */
  at: number
  exchange: Exchange
  /** Whether it is held, until somebody lets it go. */
  waits: boolean
}

/** A word between the messages, such as that another version was started. */
export interface Note {
  kind: 'note'
  id: number
  revision: number
  at: number
  text: string
}

export type Entry = Message | Note

/** `front` goes through the browser, `back` from program to program, `outside` is neither. */
export type Channel = 'front' | 'back' | 'outside'

export function senderOf({ kind, exchange }: Message): Party {
  return kind === 'request' ? exchange.from : exchange.program
}

export function receiverOf({ kind, exchange }: Message): Party {
  return kind === 'request' ? exchange.program : exchange.from
}

export function channelOf({ exchange }: Message): Channel {
  if (exchange.from === 'browser') return 'front'
  return exchange.from === 'other' ? 'outside' : 'back'
}

/** The lanes that a diagram of these parties has: the first three in any case. */
export function lanesAmong(parties: readonly string[]): Lane[] {
  return LANES.filter((lane, index) => index < 3 || parties.includes(lane))
}

/** The place of a party's lane, from 1 on. What asks and is none of the lab's stands where the browser does. */
export function laneOf(party: Party): number {
  return LANES.indexOf(party === 'other' ? 'browser' : party) + 1
}

/** What a page calls a party. */
export function wordsOf(party: Party): string {
  return party === 'other' ? 'another program' : titleOfProgram(party)
}

/** All parties that have asked or were asked. */
export function partiesOf(entries: readonly Entry[]): Party[] {
  return entries.flatMap((entry) => {
    return entry.kind === 'note' ? [] : [entry.exchange.from, entry.exchange.program]
  })
}

/** The path of the request, without its query. */
export function pathOf({ request }: Exchange): string {
  return request.url.split(/[?#]/, 1)[0] ?? ''
}

/** All values of a header, whatever the case of its name. */
export function headerValues(headers: Header[], name: string): string[] {
  return headers.filter(([known]) => known.toLowerCase() === name).map(([, value]) => value)
}
