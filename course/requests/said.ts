import { html, textOf } from '@oauth-lab/shared/testing/browser.ts'
import type { Expected } from './request-draft.ts'
import type { Answer } from './send.ts'

/** What a response says to a person: its error, the message on its page, or where it redirects to. */
export function saidIn(answer: Answer): string {
  const told = redirectIn(answer) ?? textOf(answer, '.problem') ?? textOf(answer, 'h1')
  return told ?? html(answer).text.trim()
}

/** Whether a response has the status and the words. */
export function isExpected(answer: Answer, { status, words }: Expected): boolean {
  const text = `${redirectIn(answer)}\n${html(answer).text}`
  return status === answer.status && text.includes(words)
}

/** Where a response redirects to, with a query that people can read. */
function redirectIn({ headers }: Answer): string | undefined {
  const [, location] = headers.find(([name]) => name === 'location') ?? []
  if (location === undefined) return undefined
  const [path, query = ''] = location.split('?')
  const parameters = [...new URLSearchParams(query)].map((pair) => pair.join('='))
  return [path, ...parameters].join(' ')
}
