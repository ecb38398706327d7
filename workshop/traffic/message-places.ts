import { listFiles, readText } from '@oauth-lab/course/differences/files.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'
import { escapePattern } from '../lesson/linked-text.ts'
import { pathOfAddress } from './http.ts'
import { channelOf, headerValues, type Message, pathOf } from './message.ts'
import { grantTypeOf } from './message-kind.ts'

/** A line of a version's source, and its role for a message. */
export interface Place {
  role: string
  file: string
  line: number
  href: string
}

/** The lines of a version that build, send or handle a message, as far as its source shows. */
export function placesOf(message: Message): Place[] {
  const { kind, exchange } = message
  const { program, from, request, answer, version } = exchange
  const sources = listFiles(version.folder)
    .filter((file) => isProgramCode(file) && file.endsWith('.ts'))
    .map((file) => ({ file, text: readText(version.folder, file) ?? '' }))

  /** The first such line of a program, if there is one. */
  const find = (role: string, within: string, pattern: RegExp): Place[] => {
    const own = sources.filter(({ file }) => file.startsWith(`${within}/`))
    const { file, text } = own.find((source) => pattern.test(source.text)) ?? {}
    if (file === undefined || text === undefined) return []
    const line = text.slice(0, text.search(pattern)).split('\n').length
    return [{ role, file, line, href: `/code/${version.id}/${file}#L${line}` }]
  }

  const path = pathOf(exchange)
  const isProgram = channelOf(message) === 'back'
  const grantType = grantTypeOf(request.body.text) ?? ''
  const grant = grantType === '' ? undefined : nameOfGrant(grantType, sources)
  const grants =
    grant === undefined
      ? []
      : find('grant handled by', 'server', new RegExp(`export (async )?function ${grant}\\b`))
  const route = routeOf(request.method, path)
  if (kind === 'answer') {
    const answered = find('sent by', program, route)
    const [location] = headerValues(answer?.headers ?? [], 'location')
    if (location === undefined) {
      const read = isProgram ? find('read by', from, mentionOf(path)) : []
      return [...answered, ...grants, ...read]
    }
    const target = pathOfAddress(location)
    const other = target === '/authorize' ? 'server' : 'client'
    const leadsTo = location.startsWith('/') ? program : other
    return [...answered, ...find('leads to', leadsTo, routeOf('GET', target))]
  }

  const handled = find('handled by', program, route)
  if (isProgram) {
    const asks = new RegExp(`grant_type: '${escapePattern(grantType)}'`)
    return [
      ...find('built by', from, asks),
      ...find('sent by', from, mentionOf(path)),
      ...handled,
      ...grants,
    ]
  }
  if (program === 'server' && path === '/authorize') {
    return [...find('URL built by', 'client', mentionOf(path)), ...handled]
  }
  if (path !== '/callback') return handled
  return [...find('URL built by', 'server', /function sendCode\b/), ...handled]
}

/** The registration of a route, such as `app.get('/callback', ...)`, also with types and line breaks. */
function routeOf(method: string, path: string): RegExp {
  const name = escapePattern(method === 'HEAD' ? 'get' : method.toLowerCase())
  return new RegExp(`\\.${name}\\b[^(]{0,200}\\(\\s{0,100}(['"\`])${escapePattern(path)}\\1`)
}

/** The function for a grant type. */
function nameOfGrant(grantType: string, sources: { text: string }[]): string | undefined {
  const call = new RegExp(
    `=== '${escapePattern(grantType)}'\\)\\s*(?:return )?(?:await )?(\\w+)\\(`,
  )
  return sources.map(({ text }) => call.exec(text)?.[1]).find((name) => name !== undefined)
}

/** Finds the address of another program at the end of a quoted text. */
function mentionOf(path: string): RegExp {
  return new RegExp(`${escapePattern(path)}['"\`]`)
}
