import { listFiles, readText } from '@oauth-lab/course/differences/files.ts'
import { isProgramCode, type ProgramName } from '@oauth-lab/course/programs/programs.ts'
import { pathOfAddress } from './http.ts'
import { type Exchange, headerValues, type Message, pathOf } from './message.ts'
import { grantTypeOf } from './message-kind.ts'

/** A line of a version's source, and its role for a message. */
export interface Place {
  role: string
  file: string
  line: number
  href: string
}

interface SourceFile {
  path: string
  text: string
}

/** Where a version handles a message and where it makes it, as far as its source shows. */
export function placesOf(message: Message): Place[] {
  const { exchange } = message
  const sources = readSources(exchange)
  const found =
    message.kind === 'request'
      ? placesOfRequest(exchange, sources)
      : placesOfAnswer(message, sources)
  return found
    .filter((place) => place !== undefined)
    .map((place) => ({
      ...place,
      href: `/code/${exchange.version.id}/${place.file}#L${place.line}`,
    }))
}

type Found = Omit<Place, 'href'> | undefined

function placesOfRequest(exchange: Exchange, sources: SourceFile[]): Found[] {
  const { program, from, request } = exchange
  const path = pathOf(exchange)
  const grantType = grantTypeOf(request.body.text)
  const handled = findRoute(sources, program, request.method, path, 'handled by')
  const grant = grantType === undefined ? undefined : findGrant(sources, grantType)
  if (from !== 'browser' && from !== 'other') {
    const asks = findText(sources, from, `grant_type: '${grantType}'`, 'asked for by')
    return [asks, findMention(sources, from, path, 'sent by'), handled, grant]
  }
  if (program === 'server' && path === '/authorize') {
    return [findMention(sources, 'client', path, 'address made by'), handled]
  }
  if (path === '/callback') {
    return [findRoute(sources, 'server', 'POST', '/authorize', 'address made by'), handled]
  }
  return [handled]
}

function placesOfAnswer({ exchange }: Message, sources: SourceFile[]): Found[] {
  const { program, from, request } = exchange
  const path = pathOf(exchange)
  const grantType = grantTypeOf(request.body.text)
  const answered = findRoute(sources, program, request.method, path, 'answered by')
  const grant = grantType === undefined ? undefined : findGrant(sources, grantType)
  const isProgram = from !== 'browser' && from !== 'other'
  const read = isProgram ? findMention(sources, from, path, 'read by') : undefined
  const [location] = headerValues(exchange.answer?.headers ?? [], 'location')
  if (location === undefined) return [answered, grant, read]

  const other = pathOfAddress(location) === '/authorize' ? 'server' : 'client'
  const leadsTo = location.startsWith('/') ? program : other
  return [answered, findRoute(sources, leadsTo, 'GET', pathOfAddress(location), 'leads to')]
}

function readSources({ version: { folder } }: Exchange): SourceFile[] {
  return listFiles(folder)
    .filter((path) => isProgramCode(path) && path.endsWith('.ts'))
    .map((path) => ({ path, text: readText(folder, path) ?? '' }))
}

/** The registration of a route, such as `app.get('/callback', ...)`, also with types and line breaks. */
function findRoute(
  sources: SourceFile[],
  program: ProgramName,
  method: string,
  path: string,
  role: string,
): Found {
  const name = method === 'HEAD' ? 'get' : method.toLowerCase()
  const call = `\\.${escapePattern(name)}\\b[^(]{0,200}\\(\\s{0,100}(['"\`])${escapePattern(path)}\\1`
  return find(sources, program, new RegExp(call), role)
}

/** The function for a grant type. */
function findGrant(sources: SourceFile[], grantType: string): Found {
  const compares = new RegExp(
    `=== '${escapePattern(grantType)}'\\)\\s*(?:return )?(?:await )?(\\w+)\\(`,
  )
  const name = sources
    .map(({ text }) => compares.exec(text)?.[1])
    .find((match) => match !== undefined)
  if (name === undefined) return undefined
  return find(sources, 'server', new RegExp(`export (async )?function ${name}\\b`), 'then by')
}

/** Finds the address of another program at the end of a quoted text. */
function findMention(
  sources: SourceFile[],
  program: ProgramName,
  path: string,
  role: string,
): Found {
  return find(sources, program, new RegExp(`${escapePattern(path)}['"\`]`), role)
}

function findText(sources: SourceFile[], program: ProgramName, text: string, role: string): Found {
  return find(sources, program, new RegExp(escapePattern(text)), role)
}

function find(sources: SourceFile[], program: ProgramName, pattern: RegExp, role: string): Found {
  for (const { path, text } of sources) {
    if (!path.startsWith(`${program}/`)) continue
    const at = text.search(pattern)
    if (at !== -1) return { role, file: path, line: text.slice(0, at).split('\n').length }
  }
  return undefined
}

/** The pattern that matches a text literally. */
function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
