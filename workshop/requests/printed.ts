import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'
import { type Addresses, PROGRAM_NAMES } from '@oauth-lab/course/programs/programs.ts'
import {
  type Draft,
  decodeRows,
  isFromSending,
  type Row,
  textsOf,
  troubleIn,
} from '@oauth-lab/course/requests/request-draft.ts'
import { html as pageOf } from '@oauth-lab/shared/testing/browser.ts'
import { CODE_CHALLENGE } from '@oauth-lab/shared/testing/driver.ts'
import { headerValues } from '../traffic/message.ts'
import { cookiesFor, newShell, requestsIn } from './printed-commands.ts'

/** The blocks of HTTP and of commands on a page of a lesson, the latter with their output. */
const BLOCK =
  /<pre class="code code-(http|sh)">([\s\S]*?)<\/pre>\n(?:<pre class="code code-output">[\s\S]*?<\/pre>\n)?/g
/** The first line of a request. The lessons break a long target before a parameter. */
const START = /^([A-Z]+) (\S+(?:\n +\S+)*) HTTP\/1\.1\n/
/** What stands for something that the lesson doesn't print. */
const LEFT_OUT = /\.\.\.|<[a-z ]+>/
/** The rest of the query of an authorization request. */
const SHORT_QUERY = /<query>|(?<=&)\.\.\./

/**
 * The request that a lesson prints as a block of HTTP. Undefined for a response, for a request to a program that isn't
 * at these addresses, and for one that the lesson prints only in part.
 */
export function readPrinted(block: string, addresses: Addresses): Draft | undefined {
  const text = `${withNames(block.replaceAll('\r\n', '\n').trim(), addresses)}\n`
  const [first, method = '', target = ''] = START.exec(text) ?? []
  if (first === undefined || LEFT_OUT.test(text)) return undefined
  const [head = '', body = ''] = text.slice(first.length).split(/\n\n(.*)/s)
  const headers = head
    .replace(/\n +/g, ' ')
    .split('\n')
    .flatMap((line): Row[] => {
      const [, name, value = ''] = /^([\w-]+): (.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, value]]
    })
  const [host] = headerValues(headers, 'host')
  const program = PROGRAM_NAMES.find((name) => addresses[name].endsWith(`//${host}`))
  if (program === undefined) return undefined

  const [path = '', query = ''] = joined(target).split('?')
  const [type = ''] = headerValues(headers, 'content-type')
  const isForm = type.startsWith('application/x-www-form-urlencoded')
  const draft: Draft = {
    program,
    method,
    path,
    query: decodeRows(query),
    headers: headers.filter(([name]) => {
      return !isFromSending(name) && !(isForm && name.toLowerCase() === 'content-type')
    }),
    body: isForm
      ? { form: decodeRows(joined(body)) }
      : body.trim() === ''
        ? undefined
        : { text: body.trim() },
  }
  // Rows have no place for bytes that aren't UTF-8.
  const isExact = !textsOf(draft).some((value) => value.includes('\uFFFD'))
  return isExact && troubleIn(draft) === undefined ? draft : undefined
}

/** A block with names in braces, or usual values, in place of what it shortens. */
function withNames(block: string, { client }: Addresses): string {
  const path = /^\w+ (\/[^\s?]*)/.exec(block)?.[1] ?? ''
  const isAtClient = block.includes(`\nHost: ${client.replace('http://', '')}`)
  const query = new URLSearchParams({
    ...(block.includes('<query>') && { response_type: 'code', client_id: 'lab-client' }),
    redirect_uri: `${client}/callback`,
    state: 'a-state',
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: 'S256',
  })
  return (
    block
      .replace(SHORT_QUERY, query.toString())
      .replace(/^Cookie: .*\.\.\.$/m, `Cookie: {${cookiesFor(path, isAtClient)}}`)
      // It belongs to the cookie. A shorter one was made up.
      .replace(/\b(consent|csrf)=[\w-]{20,}(\.\.\.)?/, '$1={$1}')
  )
}

function joined(text: string): string {
  return text.trim().replace(/\n */g, '')
}

/** The HTML of a lesson, with a link to the editor below each request to a program of the lab. */
export function withSendLinks(html: string, addresses: Addresses): string {
  const shell = newShell()
  return html.replace(BLOCK, (block, language: string, inner: string) => {
    const { text } = pageOf({ body: inner })
    const requests = language === 'http' ? [text] : requestsIn(text, shell)
    const links = [...new Set(requests)].flatMap((request) => {
      const draft = readPrinted(request, addresses)
      if (draft === undefined) return []
      const query = new URLSearchParams({ [language === 'http' ? 'http' : 'curl']: request })
      return { href: `/requests/edit?${query}`, what: `${draft.method} ${draft.path}` }
    })
    const same = (what: string) => links.filter((link) => link.what === what)
    const parts = links.map((link) => {
      // In the order of the commands.
      const place = same(link.what).length > 1 ? `, ${same(link.what).indexOf(link) + 1}` : ''
      const [href, what] = [escapeHtml(link.href), escapeHtml(link.what)]
      return `<a href="${href}">Change and send <code>${what}</code>${place}</a>`
    })
    return links.length === 0
      ? block
      : `${block}<p class="cluster send-links">${parts.join(' ')}</p>\n`
  })
}
