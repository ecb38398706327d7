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
/** A longer value of several words isn't searched for: each character of a text costs up to that many steps. */
const LONGEST_ODD = 64
/** The characters of a token, base64, or an encoded value. Nearly every value is one such word. */
const WORD = /[\w.~*%+/-]+={0,2}/g
const IS_WORD = new RegExp(`^${WORD.source}$`)

/** The possible next characters, and the value that ends here. */
interface Branch {
  named: Named | undefined
  next: Map<string, Branch>
}

/** Names for values, in the order in which they are first seen. */
export class Values {
  #known = new Map<string, Named>()
  /** Values written as one word. */
  #forms = new Map<string, Named>()
  /** Values written otherwise. These are rare, but anyone can send a thousand of them. */
  #oddForms = newBranch()
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
    for (const { at, form, named } of this.#findOdd(text)) {
      pieces.push(...this.#findWords(text.slice(end, at)), { value: form, named })
      end = at + form.length
    }
    return [...pieces, ...this.#findWords(text.slice(end))]
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

  #findWords(text: string): Piece[] {
    const pieces: Piece[] = []
    let end = 0
    for (const { 0: word, index } of text.matchAll(WORD)) {
      const named = this.#forms.get(word)
      if (named === undefined) continue
      pieces.push(text.slice(end, index), { value: word, named })
      end = index + word.length
    }
    return [...pieces, text.slice(end)].filter((piece) => piece !== '')
  }

  /** The places of odd forms in a text, at each place the longest. */
  *#findOdd(text: string): Generator<{ at: number; form: string; named: Named }> {
    for (let at = 0; at < text.length; at += 1) {
      let branch = this.#oddForms.next.get(text.charAt(at))
      let found: { at: number; form: string; named: Named } | undefined
      for (let end = at + 1; branch !== undefined; end += 1) {
        const { named, next } = branch
        if (named !== undefined) found = { at, form: text.slice(at, end), named }
        branch = next.get(text.charAt(end))
      }
      if (found === undefined) continue
      yield found
      at += found.form.length - 1
    }
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
    for (const form of formsOf(value)) {
      if (IS_WORD.test(form)) this.#forms.set(form, named)
      else if (form.length <= LONGEST_ODD) this.#branchOf(form).named = named
    }
  }

  /** Forgets half of the values, so the rest is rebuilt rarely and not with each new value. */
  #forgetOldest(): void {
    const known = [...this.#known]
    this.#known = new Map()
    this.#forms = new Map()
    this.#oddForms = newBranch()
    this.#characters = 0
    for (const [value, named] of known.slice(Math.ceil(known.length / 2))) {
      this.#remember(value, named)
    }
  }

  #branchOf(form: string): Branch {
    let branch = this.#oddForms
    for (const character of form.split('')) {
      const next = branch.next.get(character) ?? newBranch()
      branch.next.set(character, next)
      branch = next
    }
    return branch
  }
}

function newBranch(): Branch {
  return { named: undefined, next: new Map() }
}

/** The forms of a value in a text: unchanged, and in the two encodings of an address or a form. */
function formsOf(value: string): string[] {
  if (value.length < SHORTEST_IN_TEXT) return []
  // A program may write half of a surrogate pair into its JSON, which no address can contain.
  const encoded = encodeURIComponent(Buffer.from(value).toString())
  return [value, encoded, new URLSearchParams({ value }).toString().slice(6)]
}
