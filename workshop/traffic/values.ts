import { mask } from '@oauth-lab/shared/request-log.ts'
import type { Section, ValueKind } from './dissect.ts'

const PUBLIC: ValueKind[] = ['code challenge', 'client id']

/** A value that was seen, and its name. */
export interface Named {
  /** Such as `code 2`: the second code that was seen. */
  name: string
  /** Counts from 0. The same value always has the same one. */
  color: number
  /** Whether it is shown only after a click. */
  secret: boolean
  /** Its first and last four characters. */
  masked: string
}

/** A part of a text: plain characters, or a value with a name. */
export type Piece = string | { value: string; named: Named }

/** The number of colors for values. */
const COLORS = 8
/** The most values to remember. */
const MOST = 2_000
/** The most characters to remember, all values together. */
const MOST_CHARACTERS = 2_000_000
/** A shorter value isn't searched for in texts, because it may be part of any word. */
const SHORTEST_IN_TEXT = 8
/** The characters of a token, base64, or an encoded value: in texts, only values of one such word are searched for. */
const WORD = /[\w.~*%+/-]+={0,2}/g

/** Names for values, in the order in which they are first seen. */
export class Values {
  #known = new Map<string, Named>()
  /** The same names, by each form that a value may have in a text. */
  #forms = new Map<string, Named>()
  readonly #counts = new Map<ValueKind, number>()
  #total = 0
  /** The total of all remembered values. */
  #characters = 0

  /** Gives a name to each value worth following. */
  meet(sections: Section[]): void {
    for (const { fields } of sections) {
      for (const { value, kind } of fields) if (kind !== undefined) this.#add(value, kind)
    }
  }

  of(value: string): Named | undefined {
    return this.#known.get(value)
  }

  /** Finds the known values in a text, also percent-encoded ones. */
  find(text: string): Piece[] {
    const pieces: Piece[] = []
    let end = 0
    for (const { 0: value, index } of text.matchAll(WORD)) {
      const named = this.#forms.get(value)
      if (named === undefined) continue
      pieces.push(text.slice(end, index), { value, named })
      end = index + value.length
    }
    return [...pieces, text.slice(end)].filter((piece) => piece !== '')
  }

  /** A text with all its secrets masked. */
  mask(text: string): string {
    const whole = this.#known.get(text)
    if (whole?.secret) return whole.masked
    return this.find(text)
      .map((piece) => {
        if (typeof piece === 'string') return piece
        return piece.named.secret ? piece.named.masked : piece.value
      })
      .join('')
  }

  #add(value: string, kind: ValueKind): void {
    if (value === '' || this.#known.has(value)) return
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const secret = !PUBLIC.includes(kind)
    const color = this.#total % COLORS
    this.#total += 1
    // The last characters of HTTP Basic are from the secret, which may be short.
    const masked = kind === 'client credentials' ? '****' : mask(value)
    const named = { name: `${kind} ${count}`, color, secret, masked }
    this.#remember(value, named)
    if (this.#known.size > MOST || this.#characters > MOST_CHARACTERS) this.#forgetOldest()
  }

  #remember(value: string, named: Named): void {
    this.#known.set(value, named)
    this.#characters += value.length
    for (const form of formsOf(value)) this.#forms.set(form, named)
  }

  /** Forgets half of the values, so the rest is rebuilt rarely and not with each new value. */
  #forgetOldest(): void {
    const known = [...this.#known]
    this.#known = new Map()
    this.#forms = new Map()
    this.#characters = 0
    for (const [value, named] of known.slice(Math.ceil(known.length / 2))) {
      this.#remember(value, named)
    }
  }
}

/** The forms of a value in a text: unchanged, and in the two encodings of an address or a form. */
function formsOf(value: string): string[] {
  if (value.length < SHORTEST_IN_TEXT) return []
  // A program may write half of a surrogate pair into its JSON, which no address can contain.
  const encoded = encodeURIComponent(Buffer.from(value).toString())
  return [value, encoded, new URLSearchParams({ value }).toString().slice(6)]
}
