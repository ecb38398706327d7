/** What the commands of a page have defined so far. */
export interface Shell {
  variables: Map<string, string>
  /** The bodies of functions. */
  functions: Map<string, string>
  /** The arguments of the function that runs. */
  args: string[]
  isInFunction: boolean
}

/** The output of a command. Undefined if nothing is known of it. */
export type OutputOf = (command: string, shell: Shell) => string | undefined

/** A value that only a run has: a variable that no command set to a known text, or the output of a command. */
export const UNKNOWN = /\uE000([^\uE001]*)\uE001/g
const DEFINITION = /^(\w+)\(\) \{(?: (.*); \}|\n([\s\S]*?)\n\})$/gm
/** Characters that mean nothing to the shell. */
const PLAIN = /[^\s'"\\$();|&]+/y
const EXPANSION = /\$(?:\{(\w+)(?:(:-|#|%)([^}]*))?\}|(\w+|@))/y

/** @param words such as `$CODE` */
export function unknown(words: string): string {
  return `\uE000${words}\uE001`
}

/** Takes the functions out of a block, and joins its long lines. Returns the commands that are left. */
export function readFunctions(block: string, { functions }: Shell): string {
  const text = block.replace(/\\\n\s*/g, ' ')
  return text.replace(DEFINITION, (_, name, short, long) => {
    functions.set(name, short ?? long)
    return ''
  })
}

/** The commands of a text, each with those that it is piped to. */
export function commandsIn(text: string): string[][] {
  return split(text, /\n|;|&&|\|\||(?<!>)&/y).map((line) => split(line, /\|/y))
}

/** The words of a command. Undefined if the shell does more than read them. */
export function wordsIn(command: string, shell: Shell, outputOf: OutputOf): string[] | undefined {
  const parts = split(command, /\s+/y)
  // Where the output goes makes no difference.
  const read = parts.filter(
    (part, at) => !/^\d?>/.test(part) && !/^\d?>$/.test(parts[at - 1] ?? ''),
  )
  if (read.some((part) => /^[(){}<`]/.test(part))) return undefined
  return read.flatMap((part) => {
    if (/^"?\$@"?$/.test(part)) return shell.args
    const word = expand(part, shell, outputOf)
    return word === '' && part.startsWith('$') ? [] : [word]
  })
}

/** Splits a text outside of quotes, and drops empty pieces. */
function split(text: string, separator: RegExp): string[] {
  const pieces = ['']
  for (let at = 0; at < text.length; ) {
    separator.lastIndex = at
    const [found] = separator.exec(text) ?? []
    const end = found === undefined ? endOfPiece(text, at) : at + found.length
    if (found === undefined) pieces.push(pieces.pop() + text.slice(at, end))
    else pieces.push('')
    at = end
  }
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== '')
}

/** Where a quote, a command in parentheses, or a piece of plain text ends. */
function endOfPiece(text: string, at: number): number {
  PLAIN.lastIndex = at
  if (PLAIN.test(text)) return PLAIN.lastIndex
  const until = (end: string, from: number, next: (at: number) => number) => {
    let index = from
    while (index < text.length && text[index] !== end) index = next(index)
    return index + 1
  }
  if (text[at] === '\\') return at + 2
  if (text[at] === "'") return until("'", at + 1, (index) => index + 1)
  if (text[at] === '"') {
    return until('"', at + 1, (index) =>
      /["'(]/.test(text[index] ?? '') ? index + 1 : endOfPiece(text, index),
    )
  }
  const opening = /^\$?\(/.exec(text.slice(at, at + 2))?.[0]
  if (opening === undefined) return at + 1
  return until(')', at + opening.length, (index) => endOfPiece(text, index))
}

function expand(word: string, shell: Shell, outputOf: OutputOf): string {
  let text = ''
  for (let at = 0; at < word.length; ) {
    EXPANSION.lastIndex = at
    const [found] = EXPANSION.exec(word) ?? []
    const end = found === undefined ? endOfPiece(word, at) : at + found.length
    text += textOf(word.slice(at, end), shell, outputOf)
    at = end
  }
  return text
}

/** The value of a piece of a word. */
function textOf(piece: string, shell: Shell, outputOf: OutputOf): string {
  const inside = piece.slice(1, -1)
  if (piece.startsWith("'")) return inside
  if (piece.startsWith('"')) return expand(inside.replaceAll(/\\(["\\])/g, '$1'), shell, outputOf)
  if (piece.startsWith('\\')) return piece.slice(1)
  if (piece.startsWith('$(')) return outputOf(inside.slice(1), shell) ?? unknown(piece)
  EXPANSION.lastIndex = 0
  const [whole, braced, operator, operand = '', plain] = EXPANSION.exec(piece) ?? []
  if (whole === undefined) return piece
  const name = braced ?? plain ?? ''
  const isArgument = /^\d$|^@$/.test(name)
  const value = isArgument
    ? (shell.args[name === '@' ? 0 : Number(name) - 1] ?? '')
    : shell.variables.get(name)
  if (operator === ':-') return value || expand(operand, shell, outputOf)
  if (value === undefined) return unknown(`$${name}`)
  return operator === undefined ? value : cut(value, operator, operand)
}

/** The value without the shortest part at its start (`#`) or at its end (`%`) that matches a pattern. */
function cut(value: string, operator: string, pattern: string): string {
  const form = pattern.replace(/\\?[^\w*]/g, (text) => `\\${text.at(-1)}`).replaceAll('*', '[^]*')
  const places = Array.from({ length: value.length + 1 }, (_, index) => index)
  const isIt = new RegExp(`^${form}$`)
  if (operator === '#') {
    const end = places.find((place) => isIt.test(value.slice(0, place)))
    return end === undefined ? value : value.slice(end)
  }
  const start = places.findLast((place) => isIt.test(value.slice(place)))
  return start === undefined ? value : value.slice(0, start)
}
