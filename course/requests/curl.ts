import type { Addresses, ProgramName } from '../programs/programs.ts'
import { bodyOf, type Draft, targetOf } from './request-draft.ts'

/** The curl command that sends a request, in one line for a POSIX shell. It prints the head of the response, too. */
export function curlOf(draft: Draft, addresses: Addresses): string {
  const url = addresses[draft.program as ProgramName] + targetOf(draft)
  const body = bodyOf(draft)
  const usual = body === undefined ? 'GET' : 'POST'
  const words = [
    'curl',
    draft.method === 'HEAD' ? '-sI' : '-si',
    ...(draft.method === usual || draft.method === 'HEAD' ? [] : ['-X', draft.method]),
    // Without these curl would read some characters of a URL as a list, and shorten its path.
    ...(/[[\]{}]/.test(url) ? ['-g'] : []),
    ...(/\/\.\.?(\/|\?|$)/.test(url) ? ['--path-as-is'] : []),
    ...headerWords(draft).flatMap((header) => ['-H', quote(header)]),
    ...(body === undefined ? [] : ['--data-raw', quote(body)]),
    quote(url),
  ]
  return words.join(' ')
}

/** A semicolon stands for an empty value. With a body, curl adds the content type of a form unless told otherwise. */
function headerWords({ headers, body }: Draft): string[] {
  const words = headers.map(([name, value]) => (value === '' ? `${name};` : `${name}: ${value}`))
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type')
  const isUntyped = body !== undefined && 'text' in body && !hasType
  return isUntyped ? [...words, 'content-type:'] : words
}

/** As one word of a POSIX shell. Most need no quotes. */
function quote(text: string): string {
  return /^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
