import { html } from '@oauth-lab/shared/testing/browser.ts'
import type { Expected } from './draft.ts'
import type { Answer } from './send.ts'

/** Whether a response has the status, and the words in its text or in the query of its redirect. */
export function isExpected({ status, headers, body }: Answer, expected: Expected): boolean {
  const [, location = ''] = headers.find(([name]) => name === 'location') ?? []
  const [, query = ''] = location.split('?')
  const redirect = [...new URLSearchParams(query)].map((pair) => pair.join('=')).join('&')
  const text = `${redirect}\n${html({ body }).text}`
  return status === expected.status && text.includes(expected.words)
}
