import type { Draft, Row } from '@oauth-lab/course/requests/request-draft.ts'
import { dissect, type Field } from '../traffic/dissect.ts'
import { parseCookies } from '../traffic/http.ts'
import type { TrafficLog } from '../traffic/log.ts'
import type { Entry } from '../traffic/message.ts'

/** The most values to offer. */
const MOST = 60

/** The fields of the messages that have a value worth following, the newest first, each value once. */
export function fieldsWorthFollowing(entries: readonly Entry[]): Field[] {
  const fields = entries
    .flatMap((entry) => (entry.kind === 'note' ? [] : dissect(entry)))
    .flatMap((section) => section.fields)
    .filter(({ kind, value }) => kind !== undefined && value !== '')
  const newest = new Map<string, Field>()
  for (const field of fields) {
    const known = newest.get(field.value)
    // At the end, also if it was there.
    newest.delete(field.value)
    // RFC 7009 and RFC 7662 call any token a token. Where it was issued, it had a kind.
    newest.set(field.value, known !== undefined && field.kind === 'token' ? known : field)
  }
  return [...newest.values()].reverse()
}

/** What rows of parameters and rows of headers can be filled in with, each with a name such as `code 2`. */
export function knownValues(log: TrafficLog) {
  const fields = fieldsWorthFollowing(log.entries)
  const choose = (formOf: (field: Field) => string | undefined) =>
    fields
      .flatMap((field) => {
        const value = formOf(field)
        const name = log.values.of(field.value)?.name
        return value === undefined || name === undefined ? [] : [{ value, name }]
      })
      .slice(0, MOST)
  return {
    parameters: choose(({ kind, value }) => {
      return kind === 'session' || kind === 'client credentials' ? undefined : value
    }),
    headers: choose(({ kind, name, value }) => {
      if (kind === 'access token') return `Bearer ${value}`
      if (kind === 'client credentials') return `Basic ${value}`
      return kind === 'session' ? `${name}=${value}` : undefined
    }),
  }
}

/** A request that a lesson prints, with the newest values of this run in place of the printed ones, and their names. */
export function withNewest(draft: Draft, log: TrafficLog): { draft: Draft; names: string[] } {
  const fields = fieldsWorthFollowing(log.entries)
  const names: string[] = []
  const replace = (isIt: (field: Field) => boolean, printed: string): string => {
    const field = fields.find(isIt)
    const name = log.values.of(field?.value ?? '')?.name
    if (field === undefined || name === undefined) return printed
    names.push(name)
    return field.value
  }
  const rows = (printed: Row[]) =>
    printed.map(([name, value]): Row => {
      return [name, replace((field) => field.name === name && field.kind !== 'client id', value)]
    })
  const headers = draft.headers.map(([name, value]): Row => {
    const [, token] = /^Bearer (.*)$/i.exec(value) ?? []
    if (token !== undefined) {
      return [name, `Bearer ${replace(({ kind }) => kind === 'access token', token)}`]
    }
    if (name.toLowerCase() !== 'cookie' || value.startsWith('{')) return [name, value]
    const cookies = parseCookies(value).map(([cookie, old]) => {
      return `${cookie}=${replace((field) => field.kind === 'session' && field.name === cookie, old)}`
    })
    return [name, cookies.join('; ')]
  })
  const { query, body } = draft
  const changed = body !== undefined && 'form' in body ? { form: rows(body.form) } : body
  return { draft: { ...draft, query: rows(query), headers, body: changed }, names }
}
