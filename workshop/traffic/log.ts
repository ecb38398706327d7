import type { KnownVersion } from '../known-versions.ts'
import { Connections } from './connections.ts'
import { dissect } from './dissect.ts'
import { parseHead } from './http.ts'
import { findLogins, type Logins } from './logins.ts'
import {
  EDITOR,
  type Entry,
  type Exchange,
  type Header,
  headerValues,
  type Message,
  type Party,
} from './message.ts'
import type { TapMessage } from './tap.ts'
import { Values } from './values.ts'

/** The most messages to keep. */
const LONGEST_LOG = 500

type Said<Name extends TapMessage['tap']> = Extract<TapMessage, { tap: Name }>

/** The messages of an exchange that may still change. */
interface Pending {
  request: Message
  answer: Message | undefined
}

/** The messages between the parties of one slot. */
export class TrafficLog {
  /** In the order in which they were sent. */
  entries: Entry[] = []
  /** Names for values, to follow where each goes. */
  values = new Values()
  /** Increases when the log is cleared. */
  epoch = 0
  revision = 0
  /** When the first entry was sent. */
  began: number | undefined
  readonly #pending = new Map<string, Pending>()
  readonly #connections = new Connections()
  /** New with each start of the workshop, or an old link would lead to another message. */
  #ids = Date.now()
  #logins: Logins = findLogins([])
  /** The revision that they were found in. */
  #loginsAt = 0

  /** Adds a message from the tap in a program. */
  take(said: TapMessage, program: string, version: KnownVersion): void {
    if ('address' in said) {
      this.#connect(said, program)
      return
    }
    const key = `${said.process} ${said.id}`
    if (said.tap === 'request') {
      this.#addRequest(key, said, program, version)
      return
    }
    const pending = this.#pending.get(key)
    if (pending === undefined) return
    if (said.tap === 'body') pending.request.exchange.request.body = said.body
    if (said.tap === 'passed') this.#pass(pending, said)
    if (said.tap === 'answer') this.#addAnswer(pending, said)
    if (said.tap === 'broken') this.#break(pending, 'The connection closed before the response.')
    this.#change(pending.request)
  }

  /** Adds the start or the end of a connection that the editor of requests has opened to one of the programs. */
  takeOwn(address: string, isOpen: boolean, at: number): void {
    this.#connect({ tap: isOpen ? 'connected' : 'disconnected', at, address }, EDITOR)
  }

  /** Adds a note between the messages. */
  note(text: string, at: number): void {
    this.#insert({ kind: 'note', id: this.#nextId(), revision: 0, at, text })
  }

  /** The programs have ended, so open exchanges get no response. */
  end(): void {
    for (const pending of this.#pending.values())
      this.#break(pending, 'The program stopped before it responded.')
    this.#pending.clear()
  }

  /** Removes all messages except held ones. */
  clear(): void {
    this.entries = this.entries.filter((entry) => entry.kind !== 'note' && entry.waits)
    this.values = new Values()
    for (const entry of this.entries) if (entry.kind !== 'note') this.values.meet(dissect(entry))
    for (const [key, { request, answer }] of this.#pending) {
      const isKept = request.waits || answer?.waits === true
      const isOver = (request.exchange.answer ?? request.exchange.trouble) !== undefined
      if (isOver && !isKept) this.#pending.delete(key)
    }
    this.began = this.entries[0]?.at
    this.epoch += 1
    this.revision += 1
  }

  message(id: number): Message | undefined {
    const entry = this.entries.find((known) => known.id === id)
    return entry?.kind === 'note' ? undefined : entry
  }

  /** The logins among the messages. A message that joined another one counts as changed. */
  get logins(): Logins {
    if (this.#loginsAt === this.revision) return this.#logins
    const before = this.#logins
    this.#logins = findLogins(this.entries)
    this.revision += 1
    this.#loginsAt = this.revision
    for (const entry of this.entries) {
      if (entry.kind === 'note') continue
      if (this.#logins.of(entry)?.id !== before.of(entry)?.id) entry.revision = this.revision
    }
    return this.#logins
  }

  /** The held messages, oldest first. */
  get waiting(): Message[] {
    return this.entries.filter((entry) => entry.kind !== 'note' && entry.waits) as Message[]
  }

  #addRequest(key: string, said: Said<'request'>, program: string, version: KnownVersion): void {
    const { method, url, httpVersion, at, peer } = said
    const headers = inPairs(said.headers)
    const exchange: Exchange = {
      program,
      id: said.id,
      key,
      from: this.#connections.ownerOf(peer, at) ?? strangerOf(headers),
      peer,
      version,
      request: { method, url, httpVersion, headers, body: { text: '', size: 0 } },
      answer: undefined,
      trouble: undefined,
      refusal: undefined,
    }
    const request = this.#addMessage('request', exchange, said)
    this.#pending.set(key, { request, answer: undefined })
  }

  /** A held request is sent on. From now on the log has what was really sent. */
  #pass({ request }: Pending, { changes }: Said<'passed'>): void {
    request.waits = false
    if (changes === null) return
    request.isChanged = true
    const { method, url, headers, body: text } = changes
    const sent = request.exchange.request
    const body = text === undefined ? sent.body : { text, size: Buffer.byteLength(text) }
    Object.assign(sent, { method, url, headers: inPairs(headers), body })
  }

  #addAnswer(pending: Pending, said: Said<'answer'>): void {
    const { exchange } = pending.request
    exchange.answer = { ...parseHead(said.head, said.status), body: said.body }
    exchange.refusal = said.refusal ?? undefined
    if (!said.waits) this.#pending.delete(exchange.key)
    pending.answer ??= this.#addMessage('answer', exchange, said)
    Object.assign(pending.answer, { waits: said.waits, isChanged: said.isChanged })
    this.#change(pending.answer)
  }

  #addMessage(
    kind: Message['kind'],
    exchange: Exchange,
    { at, waits }: Said<'request' | 'answer'>,
  ) {
    const message = { kind, id: this.#nextId(), revision: 0, at, exchange, waits, isChanged: false }
    this.#insert(message)
    return message
  }

  #break({ request, answer }: Pending, trouble: string): void {
    request.exchange.trouble ??= trouble
    for (const message of [request, answer].filter((one) => one !== undefined)) {
      message.waits = false
      this.#change(message)
    }
  }

  /**
   * Each program reports over its own channel, so a request may be reported before its
   * connection.
   */
  #connect(
    { tap, at, address }: Omit<Said<'connected' | 'disconnected'>, 'process'>,
    owner: Party,
  ): void {
    if (tap === 'disconnected') {
      this.#connections.end(address, at)
      return
    }
    this.#connections.begin(address, at, owner)
    for (const entry of this.entries) {
      if (entry.kind === 'note' || entry.exchange.peer !== address) continue
      if (this.#connections.ownerOf(address, entry.at) !== owner) continue
      entry.exchange.from = owner
      this.#change(entry)
    }
  }

  /** Inserts it at its place in time. */
  #insert(entry: Entry): void {
    const after = this.entries.findLastIndex(({ at }) => at <= entry.at)
    this.entries.splice(after + 1, 0, entry)
    if (this.entries.length > LONGEST_LOG) this.#forgetOldest()
    this.began ??= entry.at
    this.#change(entry)
  }

  #forgetOldest(): void {
    const oldest = this.entries.shift()
    if (oldest?.kind === 'request') this.#pending.delete(oldest.exchange.key)
  }

  #change(entry: Entry): void {
    this.revision += 1
    entry.revision = this.revision
    if (entry.kind !== 'note') this.values.meet(dissect(entry))
  }

  #nextId(): number {
    this.#ids += 1
    return this.#ids
  }
}

function inPairs(flat: string[]): Header[] {
  const names = flat.filter((_, index) => index % 2 === 0)
  return names.map((name, index) => [name, flat[index * 2 + 1] ?? ''])
}

/** Every browser's user agent starts with this word. Curl and other programs send something else. */
function strangerOf(headers: Header[]): Party {
  const [agent = ''] = headerValues(headers, 'user-agent')
  return agent.startsWith('Mozilla/') ? 'browser' : 'other'
}
