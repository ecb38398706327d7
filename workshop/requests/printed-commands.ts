import type { Row } from '@oauth-lab/course/requests/draft.ts'

/** The variables of a shell whose values a page prints. */
export type Variables = Map<string, string>

const ASSIGNMENT = /^([A-Z][A-Z\d]*)=(.*)$/
/** `ask` is curl with a shorter output, in every lesson. */
const COMMAND = /^(?:ask|curl) (.*)$/
/** A piece of a word: in single quotes, in double quotes, or as it is. Anything else is more than a word. */
const PIECE = /'([^']*)'|"((?:[^"\\`]|\\.)*)"|([^\s'"`|;&<>()\\]+)/y
const VARIABLE = /\$(?:\{(\w+)\}|(\w+)|(.))/g
/** Options of curl that change only what it prints, and whether they take a value. */
const PRINTING: Record<string, boolean> = {
  '-s': false,
  '-i': false,
  '-si': false,
  '-o': true,
  '-w': true,
  '-c': true,
}

/**
 * The requests that the commands of a block send, as blocks of HTTP. Leaves out a command that needs more than curl:
 * a cookie file, another command, a value from a command. A variable that a command has set keeps its name.
 *
 * @param variables gets those that this block assigns
 */
export function requestsIn(block: string, variables: Variables): string[] {
  return block
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, name, value] = ASSIGNMENT.exec(line) ?? []
      if (name !== undefined && value !== undefined) assign(variables, name, value)
      const [, args] = COMMAND.exec(line) ?? []
      const words = args === undefined ? undefined : wordsIn(args, variables)
      return (words && httpOf(words)) ?? []
    })
}

function assign(variables: Variables, name: string, value: string): void {
  const [word, ...others] = wordsIn(value, variables) ?? []
  variables.delete(name)
  if (word !== undefined && others.length === 0) variables.set(name, word)
}

/** The words of a command up to a pipe, or undefined if the shell does more than read them. */
function wordsIn(text: string, variables: Variables): string[] | undefined {
  const words: string[] = []
  let at = 0
  let word: string | undefined
  while (at < text.length && text[at] !== '|') {
    if (text[at] === ' ') {
      if (word !== undefined) words.push(word)
      word = undefined
      at += 1
      continue
    }
    PIECE.lastIndex = at
    const [piece, single, double, plain] = PIECE.exec(text) ?? []
    const expanded = single ?? expand(double ?? plain ?? '', variables)
    if (piece === undefined || expanded === undefined) return undefined
    word = (word ?? '') + expanded
    at = PIECE.lastIndex
  }
  return word === undefined ? words : [...words, word]
}

/** Undefined for the output of a command. */
function expand(text: string, variables: Variables): string | undefined {
  if (/\$[({]\W|\$\(/.test(text)) return undefined
  return text
    .replace(VARIABLE, (whole, braced, plain) => variables.get(braced ?? plain) ?? whole)
    .replace(/\\(["\\$`])/g, '$1')
}

/** The request that these arguments of curl send. */
function httpOf(words: string[]): string | undefined {
  const headers: Row[] = []
  const data: string[] = []
  let [method, url, isQuery]: [string | undefined, string | undefined, boolean] = [
    undefined,
    undefined,
    false,
  ]
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    const value = () => {
      index += 1
      return words[index] ?? ''
    }
    if (word in PRINTING) {
      if (PRINTING[word]) value()
    } else if (word === '-X') method = value()
    else if (word === '-G') isQuery = true
    else if (word === '-d') data.push(value())
    else if (word === '--data-urlencode') data.push(encoded(value()))
    else if (word === '-u') headers.push(['Authorization', `Basic ${btoa(value())}`])
    else if (word === '-H') headers.push(splitHeader(value()))
    else if (word === '-b') {
      const cookie = value()
      // Without an equals sign it is the name of a file.
      if (!cookie.includes('=')) return undefined
      headers.push(['Cookie', cookie])
    } else if (word.startsWith('-') || url !== undefined) return undefined
    else url = word
  }
  const [, host, target = ''] = /^http:\/\/([^/]+)(\/.*)?$/.exec(url ?? '') ?? []
  if (host === undefined) return undefined
  const form = data.join('&')
  const isForm = data.length > 0 && !isQuery
  const query = isQuery ? `${target.includes('?') ? '&' : '?'}${form}` : ''
  return [
    `${method ?? (isForm ? 'POST' : 'GET')} ${(target || '/') + query} HTTP/1.1`,
    `Host: ${host}`,
    ...headers.map((row) => row.join(': ')),
    ...(isForm ? ['Content-Type: application/x-www-form-urlencoded', '', form] : []),
  ].join('\n')
}

function encoded(pair: string): string {
  const [name = '', ...value] = pair.split('=')
  return `${name}=${encodeURIComponent(value.join('='))}`
}

function splitHeader(text: string): Row {
  const [name = '', ...value] = text.split(':')
  return [name, value.join(':').trim()]
}
