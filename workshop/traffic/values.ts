import { mask } from '@oauth-lab/shared/request-log.ts'
import type { Section, ValueKind } from './dissect.ts'

const PUBLIC: ValueKind[] = ['code challenge', 'client id']

/** What is known of a value. */
export interface Named {
  /** Such as `code 2`: the second code that was met. */
  name: string
  /** From 0 on; the same for the same value wherever it is met. */
  color: number
  /** Whether it is to be shown at a click alone. */
  secret: boolean
  /** Its first and last four characters. */
  masked: string
}

/** A part of a text: characters, or a value that has a name. */
export type Piece = string | { value: string; named: Named }

/** How many colors there are to tell values apart. */
const COLORS = 8
/** How many values are remembered. */
const MOST = 2_000
/** How many characters they have together at most. */
const MOST_CHARACTERS = 2_000_000
/** A shorter value is no more found in a text: it may be part of any word. */
const SHORTEST_IN_TEXT = 8
/** A longer value of several words is not looked for in texts: each character of a text costs up to that many steps. */
const LONGEST_ODD = 64
/** What a token, base64, or an encoded value is made of; nearly every value is one such word. */
const WORD = /[\w.~*%+/-]+={0,2}/g
const IS_WORD = new RegExp(`^${WORD.source}$`)

/** What texts can go on with, character by character, and the value that ends here. */
interface Branch {
  named: Named | undefined
  next: Map<string, Branch>
}

/** Names for the values that are met, in the order in which they are met. */
export class Values {
  #known = new Map<string, Named>()
  /** How values stand in texts as one word. */
  #forms = new Map<string, Named>()
  /** How they stand there otherwise. It is rare, but anybody can send a thousand of them. */
  #oddForms = newBranch()
  readonly #counts = new Map<ValueKind, number>()
  #total = 0
  /** Of all values that are remembered. */
  #characters = 0

  /** Gives a name to each value that deserves one. */
  meet(sections: Section[]): void {
    for (const { fields } of sections) {
      for (const { value, kind } of fields) if (kind !== undefined) this.#add(value, kind)
    }
  }

  of(value: string): Named | undefined {
    return this.#known.get(value)
  }

  /** Finds the known values in a text, also where they are written as in an address. */
  find(text: string): Piece[] {
    const pieces: Piece[] = []
    let end = 0
    for (const { at, form, named } of this.#findOdd(text)) {
      pieces.push(...this.#findWords(text.slice(end, at)), { value: form, named })
      end = at + form.length
    }
    return [...pieces, ...this.#findWords(text.slice(end))]
  }

  /** A text with all secrets in it masked. */
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

  /** Where odd forms stand in a text, at each place the longest. */
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
    // The last characters of HTTP Basic are those of the secret, which may be short.
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

  /** Forgets half of what is remembered: so what is left is gone through once in a while, and not with each value. */
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

/** What a value looks like in a text: as it is, and in the two ways to write it in an address or a form. */
function formsOf(value: string): string[] {
  if (value.length < SHORTEST_IN_TEXT) return []
  // A program may write half of a pair of characters into its JSON, which no address can hold.
  const encoded = encodeURIComponent(Buffer.from(value).toString())
  return [value, encoded, new URLSearchParams({ value }).toString().slice(6)]
}
