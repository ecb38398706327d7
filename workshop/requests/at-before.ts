import type { Addresses } from '@oauth-lab/course/programs/programs.ts'
import {
  denyConsent,
  fillIn,
  openConsent,
  type Values,
} from '@oauth-lab/course/requests/fresh-values.ts'
import { valuesFor } from '@oauth-lab/course/requests/lesson-values.ts'
import {
  type Draft,
  draftAt,
  mapTexts,
  type Row,
  textsOf,
} from '@oauth-lab/course/requests/request-draft.ts'
import type { Driver } from '@oauth-lab/shared/testing/driver.ts'
import type { Slot } from '../runner.ts'
import { dissect, type Field } from '../traffic/dissect.ts'
import { findLogins } from '../traffic/logins.ts'
import type { Entry, Message } from '../traffic/message.ts'
import { fieldsWorthFollowing } from './known-values.ts'

/** What the names of fresh values mean to the reader of the page. */
const WORDS: Record<string, string> = {
  code: 'a new code',
  used_code: 'a code that was used there, too',
  code_verifier: "the new code's verifier",
  access_token: 'a new access token',
  refresh_token: 'a new refresh token',
  used_refresh_token: 'a refresh token that was used there, too',
  login_code: 'the code of a login that was started there',
  login_state: 'the state of that login',
  login_cookie: 'the cookies of its browser',
  other_code: 'the code of a login in another browser there',
  other_state: 'the state of a login in another browser there',
  used_state: 'a state that was used there, too',
  used_cookie: 'the cookies of its browser',
  session_cookie: 'the cookies of a browser that is logged in there',
  consent: 'a new value of the consent page there',
  used_consent: 'a value of the consent page that was used there, too',
  consent_cookie: 'the cookies of its browser',
  csrf: 'a new value of the account page there',
  account_cookie: 'the cookies of its browser',
}

/** The least characters of a value that is looked for anywhere in a request. */
const SHORTEST = 8

/**
 * The same request for another version that runs in another slot: with its addresses, and with values of the same kind
 * that logins there give. A used value becomes a used one, and values of different logins stay so.
 *
 * @param before the messages before the request was sent
 * @param driver of the other slot
 * @returns also the values that were replaced, and by what
 */
export async function sameAt(
  draft: Draft,
  before: readonly Entry[],
  from: Slot,
  to: Slot,
  driver: Driver,
) {
  const moved = draftAt(to.version, moveTo(draft, from, to))
  const { named, originals } = nameValues(moved, before)
  const fresh = await valuesFor(named, driver)
  if ('consent' in originals || 'used_consent' in originals)
    Object.assign(fresh, await consentAt(driver, moved, originals))
  const found = Object.fromEntries(Object.entries(fresh).filter(([, value]) => value))
  return {
    draft: fillIn(named, { ...originals, ...found }),
    replaced: Object.entries(originals).map(([name, value]) => ({
      value,
      what: (name in found && WORDS[name]) || 'the same, because a login there gives none',
    })),
  }
}

/** A consent value belongs to its authorization request. Someone who said no has used it. */
async function consentAt(driver: Driver, { query }: Draft, originals: Values): Promise<Values> {
  if ('consent' in originals) return openConsent(driver, query)
  const { used_consent = '', used_consent_cookie = '' } = await denyConsent(driver, query)
  return { used_consent, consent_cookie: used_consent_cookie }
}

/** The request with the addresses of another slot, and with its cookie names, which have its ports. */
function moveTo(draft: Draft, from: Slot, to: Slot): Draft {
  const names = Object.keys(from.addresses) as (keyof Addresses)[]
  const forms = names.flatMap((name) => [
    [from.addresses[name], to.addresses[name]] as const,
    [encodeURIComponent(from.addresses[name]), encodeURIComponent(to.addresses[name])] as const,
    [`oauth_lab_${from.ports[name]}`, `oauth_lab_${to.ports[name]}`] as const,
  ])
  return mapTexts(draft, (text) =>
    forms.reduce((moved, [old, other]) => moved.replaceAll(old, other), text),
  )
}

/** The request with names in braces in place of the values of this run, and the values by these names. */
function nameValues(draft: Draft, before: readonly Entry[]): { named: Draft; originals: Values } {
  const all = textsOf(draft).join('\n')
  const fields = fieldsWorthFollowing(before).filter(({ value }) => {
    return value.length >= SHORTEST && all.includes(value)
  })
  const nameOf = naming(draft, fields, before)
  const originals: Values = {}
  let named = draft
  for (const field of fields) {
    const name = nameOf(field)
    if (name === undefined || name in originals) continue
    const isCookie = field.kind === 'session'
    originals[name] = isCookie ? cookieHeader(named, field.value) : field.value
    named = mapTexts(named, (text) => text.replaceAll(originals[name] as string, `{${name}}`))
  }
  return { named, originals }
}

/** The whole header with a cookie: a browser sends the cookies of all programs together. */
function cookieHeader({ headers }: Draft, value: string): string {
  return headers.find((row: Row) => row[1].includes(value))?.[1] ?? value
}

/** Which fresh value has the part that a value of this run has. Undefined leaves it as it is. */
function naming(draft: Draft, fields: Field[], before: readonly Entry[]) {
  const { credentials } = findLogins(before)
  const alive = new Set(credentials.map(({ value }) => value))
  const withTokens = credentials.filter(({ kind }) => kind.endsWith('token'))
  const isLoggedIn = (session: string) => {
    const known = credentials.find(({ kind, value }) => kind === 'session' && value === session)
    return withTokens.some(({ login }) => login !== undefined && login === known?.login)
  }
  const first = (kind: Field['kind']) => fields.find((field) => field.kind === kind)?.value
  const [code, state, cookie, consent, csrf] = [
    first('code'),
    first('state'),
    first('session'),
    first('consent'),
    first('csrf value'),
  ]
  const belong = (one: string | undefined, other: string | undefined) =>
    one === undefined || other === undefined || appearTogether(one, other, before)
  const isUsedState = before.some((entry) => {
    if (entry.kind !== 'request' || !isAccepted(entry) || state === undefined) return false
    const { url } = entry.exchange.request
    return url.startsWith('/callback') && url.includes(state)
  })
  const isUsedConsent = before.some((entry) => {
    if (entry.kind !== 'request' || consent === undefined) return false
    const { url, body } = entry.exchange.request
    return url.startsWith('/consent') && body.text.includes(consent)
  })
  const stateAs = belong(state, cookie) ? (isUsedState ? 'used' : 'login') : 'other'
  const codeAs = belong(code, state) === (stateAs !== 'other') ? 'login' : 'other'

  return ({ kind, value }: Field): string | undefined => {
    const isUsed = !alive.has(value)
    switch (kind) {
      case 'code':
        if (isUsed) return 'used_code'
        return draft.program === 'server' ? 'code' : `${codeAs}_code`
      case 'code verifier':
        // The verifier of another login is wrong there as it is.
        return belong(value, code) ? 'code_verifier' : undefined
      case 'state':
        return draft.program === 'server' ? undefined : `${stateAs}_state`
      case 'access token':
        // One that has ended is unknown there, too.
        return isUsed ? undefined : 'access_token'
      case 'refresh token':
        return isUsed ? 'used_refresh_token' : 'refresh_token'
      case 'consent':
        return isUsedConsent ? 'used_consent' : 'consent'
      case 'csrf value':
        return 'csrf'
      case 'session':
        if (consent !== undefined) return 'consent_cookie'
        if (csrf !== undefined) return 'account_cookie'
        // One that has ended is unknown there, too.
        if (state === undefined) return isLoggedIn(value) ? 'session_cookie' : undefined
        return stateAs === 'used' ? 'used_cookie' : 'login_cookie'
      default:
        return undefined
    }
  }
}

/** Whether two values were in one exchange that nobody refused, so they belong to one login. */
function appearTogether(one: string, other: string, before: readonly Entry[]): boolean {
  return before.some((entry) => {
    if (entry.kind !== 'request' || !isAccepted(entry)) return false
    const { exchange } = entry
    const parts = [entry, { kind: 'answer', exchange } as const].flatMap(dissect)
    const values = parts.flatMap(({ fields }) => fields.map(({ value }) => value))
    return values.includes(one) && values.includes(other)
  })
}

function isAccepted({ exchange: { answer, refusal } }: Message): boolean {
  return answer !== undefined && answer.status < 400 && refusal === undefined
}
