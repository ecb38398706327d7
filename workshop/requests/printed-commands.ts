import type { Row } from '@oauth-lab/course/requests/request-draft.ts'
import { CODE_CHALLENGE } from '@oauth-lab/shared/testing/driver.ts'
import { commandsIn, readFunctions, type Shell, UNKNOWN, unknown, wordsIn } from './shell.ts'

const ASSIGNMENT = /^(\w+)=(.*)$/s
/** Options of curl that change only what it prints or follows, and whether they take a value. */
const PRINTING: Record<string, boolean> = {
  '-s': false,
  '-i': false,
  '-si': false,
  '-L': false,
  '-o': true,
  '-w': true,
  '-c': true,
}
/** Commands whose output is the address that they are piped. */
const KEEPING = /^(address_in|grep \.)$/
const QUERY_OF = "sed 's/.*?//'"

/** A request that a command sends. */
interface Sent {
  method: string | undefined
  url: string
  headers: Row[]
  form: string | undefined
  /** The file with its cookies, which stands for a browser. */
  jar: string | undefined
}

/** A shell that has run nothing yet. */
export function newShell(): Shell {
  return { variables: new Map(), functions: new Map(), args: [], isInFunction: false }
}

/**
 * The requests that the commands of a block send, as blocks of HTTP. A value that only a run has, such as the cookies
 * in a file, is a name in braces: see fresh-values.ts. Leaves out a request that has such a value in another place.
 *
 * @param shell gets the variables and functions of this block
 */
export function requestsIn(block: string, shell: Shell): string[] {
  return run(readFunctions(block, shell), shell).flatMap((sent) => httpOf(sent, shell) ?? [])
}

function run(text: string, shell: Shell): Sent[] {
  return commandsIn(text).flatMap(([command = '']) => {
    const [, inner] = /^\((.*)\)$/s.exec(command) ?? []
    if (inner !== undefined) return run(inner, { ...shell, variables: new Map(shell.variables) })
    // Only the first round of a loop.
    const [, variable, words] = /^for (\w+) in\s+(\S+)/.exec(command) ?? []
    const [, body = command] = /^do (.*)/s.exec(command) ?? []
    return runOne(variable === undefined ? body : `${variable}=${words}`, shell)
  })
}

function runOne(command: string, shell: Shell): Sent[] {
  const [, variable, value = ''] = ASSIGNMENT.exec(command) ?? []
  if (variable !== undefined) {
    const [word, ...others] = wordsIn(value, shell, outputOf) ?? []
    shell.variables.delete(variable)
    if (word !== undefined && others.length === 0) shell.variables.set(variable, word)
    // A function may keep the response that it prints. On a page, such a command prepares the next one.
    const [, inner = ''] = /^\$\((.*)\)$/s.exec(value) ?? []
    return shell.isInFunction ? run(inner, shell) : []
  }
  const [name = '', ...args] = wordsIn(command, shell, outputOf) ?? []
  // `ask` is curl with a shorter output, in every lesson.
  if (name === 'curl' || name === 'ask') return readCurl(args) ?? []
  if (name === 'shift') shell.args = shell.args.slice(1)
  const body = shell.functions.get(name)
  return body === undefined ? [] : run(body, inFunction(name, args, shell))
}

/** The shell of a function. It can't call itself, which might never end. */
function inFunction(name: string, args: string[], shell: Shell): Shell {
  const others = [...shell.functions].filter(([other]) => other !== name)
  return { ...shell, functions: new Map(others), args, isInFunction: true }
}

/** The address that a command prints: where the response to its request leads. */
function outputOf(text: string, shell: Shell): string | undefined {
  const [command = '', ...pipes] = commandsIn(text).at(0) ?? []
  const name = /^\w+/.exec(command)?.[0] ?? ''
  const body = name === 'ask' ? undefined : shell.functions.get(name)
  // Its words are read only once: a command in one of them may have further ones.
  const args = body === undefined ? [] : wordsIn(command, shell, outputOf)?.slice(1)
  if (args === undefined) return undefined
  const address =
    body === undefined
      ? addressAfter(runOne(command, shell).at(-1), shell)
      : outputOf(body.split(/\n|; /).at(-1) ?? '', inFunction(name, args, shell))
  const last = pipes.filter((pipe) => !KEEPING.test(pipe))
  if (last.length === 0) return address
  return last.join() === QUERY_OF ? address?.replace(/^.*?\?/, '') : undefined
}

/** RFC 6749 sections 4.1.1 and 4.1.2: the client leads to the server, and the server back. */
function addressAfter(sent: Sent | undefined, { variables }: Shell): string | undefined {
  const [server, client] = [variables.get('SERVER'), variables.get('CLIENT')]
  if (sent === undefined || server === undefined || client === undefined) return undefined
  const browser = browserIn(sent) ?? ''
  if (sent.url.startsWith(`${client}/login`)) {
    const request = `response_type=code&client_id=lab-client&redirect_uri=${client}/callback`
    const pkce = `code_challenge=${CODE_CHALLENGE}&code_challenge_method=S256`
    return `${server}/authorize?${request}&state=${unknown(browser)}&${pkce}`
  }
  if (!/^\/(authorize|consent)\?/.test(sent.url.slice(server.length))) return undefined
  return `${client}/callback?code=${unknown(browser)}&state=${unknown(browser)}`
}

/** The browser that a request belongs to. */
function browserIn({ jar, url }: Sent): string | undefined {
  return jar ?? /[?&]state=\uE000(\w*)\uE001/.exec(url)?.[1]
}

/** The request that these arguments of curl send. */
function readCurl(words: string[]): Sent[] | undefined {
  const sent: Sent = { method: undefined, url: '', headers: [], form: undefined, jar: undefined }
  const data: string[] = []
  let isQuery = false
  const rest = words[Symbol.iterator]()
  const value = () => rest.next().value ?? ''
  for (const word of rest) {
    if (Object.hasOwn(PRINTING, word)) {
      if (PRINTING[word]) value()
    } else if (word === '-X') sent.method = value()
    else if (word === '-G') isQuery = true
    else if (word === '-d') data.push(value())
    else if (word === '--data-urlencode') data.push(encoded(value()))
    else if (word === '-u') {
      const pair = value()
      // A value that only a run has can't be encoded.
      if (pair.search(UNKNOWN) !== -1) return undefined
      sent.headers.push(['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`])
    } else if (word === '-H') sent.headers.push(splitHeader(value()))
    else if (word === '-b') {
      const cookie = value()
      // Without an equals sign it is the name of a file.
      if (cookie.includes('=')) sent.headers.push(['Cookie', cookie])
      else sent.jar = cookie
    } else if (word.startsWith('-') || sent.url !== '') return undefined
    else sent.url = word
  }
  const form = data.length === 0 ? undefined : data.join('&')
  if (form === undefined || !isQuery) return [{ ...sent, form }]
  return [{ ...sent, url: `${sent.url}${sent.url.includes('?') ? '&' : '?'}${form}` }]
}

function encoded(pair: string): string {
  const [name = '', ...value] = pair.split('=')
  return `${name}=${encodeURIComponent(value.join('='))}`
}

function splitHeader(text: string): Row {
  const [name = '', ...value] = text.split(':')
  return [name, value.join(':').trim()]
}

/** A request as a block of HTTP. Undefined if it has a value of a run that has no known name. */
function httpOf(sent: Sent, { variables }: Shell): string | undefined {
  const [, host, target = ''] = /^http:\/\/([^/?]+)(.*)$/.exec(sent.url) ?? []
  if (host === undefined) return undefined
  const path = target.split('?', 1)[0] ?? ''
  const isHere = `http://${host}` === variables.get('CLIENT')
  const { form } = sent
  const needsCookies = sent.jar !== undefined && !form?.startsWith('username=')
  const cookies: Row[] = needsCookies ? [['Cookie', `{${cookiesFor(path, isHere)}}`]] : []
  const method = sent.method ?? (form === undefined ? 'GET' : 'POST')
  const text = [
    `${method} ${target.startsWith('/') ? target : `/${target}`} HTTP/1.1`,
    `Host: ${host}`,
    ...[...sent.headers, ...cookies].map((row) => row.join(': ')),
    ...(form === undefined ? [] : ['Content-Type: application/x-www-form-urlencoded', '', form]),
  ].join('\n')
  const named = text
    .replace(/([\w]+)=\uE000([^\uE001]*)\uE001(?=&|$| HTTP)/gm, (whole, row, origin) => {
      const name = nameOf(row, origin, path, sent)
      return name === undefined ? whole : `${row}=${name}`
    })
    .replace(/Bearer \uE000([^\uE001]*)\uE001$/gm, (_, origin) => `Bearer {${tokenOf(origin)}}`)
    // A variable keeps its name.
    .replace(UNKNOWN, (whole, origin) => (/^\$\w+$/.test(origin) ? origin : whole))
  if (named.search(UNKNOWN) !== -1) return undefined
  return isOfAnotherPage(sent, variables) ? named.replaceAll('{consent', '{first_consent') : named
}

/** Whether the value comes from the page of another request: `value` opens the one of $QUERY, unless it gets an address. */
function isOfAnotherPage({ url, form = '' }: Sent, variables: Shell['variables']): boolean {
  const usual = variables.get('QUERY')
  if (usual === undefined || url.endsWith(`?${usual}`)) return false
  return /^consent=\uE000\$\(value \w+\)\uE001/.test(form)
}

/** The name of fresh cookies for a page. */
export function cookiesFor(path: string, isAtClient: boolean): string {
  if (isAtClient) return path === '/callback' ? 'login_cookie' : 'session_cookie'
  // From v08 on, these allow the client nothing: the lesson still has to ask.
  return path.startsWith('/account') ? 'account_cookie' : 'consent_cookie'
}

/** What stands for a value of a run in a row. A response that belongs to another browser is another one's. */
function nameOf(
  row: string,
  origin: string,
  path: string,
  { jar, form = '' }: Sent,
): string | undefined {
  // Either a response of a browser, or what a command found with the cookies of one.
  const [, browser = jar] = /^(?:\$\(\w+ )?(\w+)\)?$/.exec(origin) ?? []
  const isOther = jar !== undefined && browser !== jar
  const isResponse = path === '/callback' && /^(code|state)$/.test(row)
  if (isResponse) return `{${isOther ? 'other' : 'login'}_${row}}`
  if (/^(consent|csrf)$/.test(row)) return `{${isOther ? 'other_' : ''}${row}}`
  if (row === 'state') return 'a-state'
  const client = /\bclient_id=lab-cli(&|$)/.test(form) ? 'cli_' : ''
  if (row === 'token') return `{${client}${tokenOf(origin)}}`
  return /^(access_token|code|refresh_token)$/.test(row) ? `{${client}${row}}` : undefined
}

/** The token that a variable or a command has, by its words. */
function tokenOf(origin: string): string {
  if (/own|worker/i.test(origin)) return 'worker_access_token'
  return /refresh/i.test(origin) ? 'refresh_token' : 'access_token'
}
