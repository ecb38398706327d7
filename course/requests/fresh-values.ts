import { readConfig } from '@oauth-lab/shared/config.ts'
import type { Browser, Page } from '@oauth-lab/shared/testing/browser.ts'
import {
  basic,
  CODE_CHALLENGE,
  CODE_VERIFIER,
  credentials,
  Driver,
  type Fields,
} from '@oauth-lab/shared/testing/driver.ts'
import { LONGEST_BODY, send, sendOver } from '@oauth-lab/shared/testing/exchange.ts'
import { formsOn } from '@oauth-lab/shared/testing/forms.ts'
import { Agent } from 'undici'
import { type Addresses, programsOf } from '../programs/programs.ts'
import { type Draft, encodeRows, mapTexts, type Row, textsOf } from './request-draft.ts'
import { connectorThatTells, type TellPeer } from './send.ts'

/** Values by the names that stand for them in a draft, in braces: `{code}`. */
export type Values = Record<string, string>

/** Values that come from the same steps. */
export interface Source {
  names: string[]
  /** What happens for them, as the lessons say it. */
  words: string
  get(driver: Driver): Promise<Values>
}

/** The authorization request that `{consent}` belongs to. Nobody ever allows it, so its page always asks. */
export const CONSENT_QUERY: Row[] = [
  ['response_type', 'code'],
  ['client_id', 'other-client'],
  ['redirect_uri', 'http://localhost:25009/callback?from=other'],
  ['state', 'a-state'],
  ['code_challenge', CODE_CHALLENGE],
  ['code_challenge_method', 'S256'],
]

/**
 * Who logs in, where it makes no difference. A reader of the lessons is user0, and from v08 on the server remembers
 * what a user has allowed: it must not have the answer before the reader is asked.
 */
const PERSON = 'user1'

/** Each takes a login of its own, with a browser of its own, so the values of two sources never belong together. */
export const SOURCES: Source[] = [
  {
    // A code that nobody has used. The driver chose the verifier.
    names: ['code', 'code_verifier'],
    words: 'user1 logs in, and the browser gets a code.',
    get: async (driver) => ({ code: await codeOf(driver), code_verifier: CODE_VERIFIER }),
  },
  {
    names: ['used_code'],
    words: 'user1 logs in, and the client gets tokens for the code.',
    async get(driver) {
      const used_code = await codeOf(driver)
      await driver.redeem(used_code)
      return { used_code }
    },
  },
  {
    names: ['access_token', 'refresh_token'],
    words: 'user1 logs in, and the client gets tokens.',
    get: async (driver) => tokensIn(await driver.redeem(await codeOf(driver))),
  },
  {
    names: ['used_refresh_token'],
    words: 'user1 logs in, and the client refreshes once.',
    async get(driver) {
      const { refresh_token = '' } = tokensIn(await driver.redeem(await codeOf(driver)))
      await driver.refresh(refresh_token)
      return { used_refresh_token: refresh_token }
    },
  },
  {
    // A login at the client, up to where the browser is about to deliver the code: the response, and the
    // browser's cookies.
    names: ['login_state', 'login_code', 'login_cookie'],
    words: 'user0 is about to deliver the response to a login.',
    get: async (driver) => startedLogin(driver, 'login'),
  },
  {
    names: ['other_state', 'other_code', 'other_cookie'],
    words: 'user1, in another browser, is about to deliver the response to a login.',
    get: async (driver) => startedLogin(driver, 'other', 'user1'),
  },
  {
    // The cookies of a browser that is logged in at the client. From v07 on, the server knows it, too.
    names: ['session_cookie'],
    words: 'user1 logs in at the client.',
    async get(driver) {
      const browser = driver.browser()
      await driver.login(browser, PERSON)
      return { session_cookie: await cookiesOf(browser, driver) }
    },
  },
  {
    // From v07 on: a consent page of CONSENT_QUERY, and the cookies of its browser.
    names: ['consent', 'consent_cookie'],
    words: 'user0 logs in at the server, and sees the consent page for other-client.',
    get: (driver) => openConsent(driver, CONSENT_QUERY),
  },
  {
    // From v10 on: the account page of a user who has connected an app.
    names: ['csrf', 'account_cookie'],
    words: 'user1 logs in at the client, and opens the page with the connected apps.',
    async get(driver) {
      const browser = driver.browser()
      await driver.login(browser, PERSON)
      const page = await browser.open(`${driver.serverUrl}/account`)
      return { csrf: valueOn(page, 'csrf'), account_cookie: await cookiesOf(browser, driver) }
    },
  },
]

/** The versions whose clients first send these. */
const SENT_SINCE = { state: 2, code_challenge: 3, code_challenge_method: 3, code_verifier: 3 }

/** All names that fresh values have, besides those of `settingsOf`. */
export const FRESH_NAMES = SOURCES.flatMap(({ names }) => names)

/**
 * A driver for the programs of a version at these addresses. It sends what the client of that version sends. A
 * learner's copy can't lead it anywhere else.
 *
 * @param tell gets the address and port of each connection
 */
export function driverAt(
  version: { folder: string; number: number },
  addresses: Addresses,
  tell?: TellPeer,
): Driver {
  const { clientId, clientSecret } = readConfig(process.env)
  const { listening } = programsOf(version)
  const origins = listening.map((name) => new URL(addresses[name]).origin)
  const ofPrograms = {
    authServerUrl: addresses.server,
    clientUrl: addresses.client,
    apiUrl: listening.includes('api') ? addresses.api : undefined,
    clientId,
    clientSecret,
  }
  const sendHere = tell === undefined ? send : sendOver(agentThatTells(tell))
  const later = Object.entries(SENT_SINCE).filter(([, number]) => number > version.number)
  return new Driver(ofPrograms, {
    leftOut: later.map(([name]) => name),
    async send(url, options) {
      if (origins.includes(new URL(url).origin)) return sendHere(url, options)
      throw new Error(`it leads to ${url}, which is no program of the lab`)
    },
  })
}

function agentThatTells(tell: TellPeer): Agent {
  const connect = connectorThatTells(tell)
  return new Agent({ connect, keepAliveTimeout: 100, maxResponseSize: LONGEST_BODY })
}

/** The values that need no login: addresses, and what the registered client is known by. */
export function settingsOf(driver: Driver): Values {
  const { clientId, clientSecret, workerId, workerSecret, apiId, apiSecret } = readConfig(
    process.env,
  )
  return {
    server: driver.serverUrl,
    client: driver.clientUrl,
    api: driver.apiUrl,
    redirect_uri: driver.redirectUri,
    client_id: clientId,
    client_secret: clientSecret,
    basic: basic(clientId, clientSecret),
    worker_basic: basic(workerId, workerSecret),
    api_basic: basic(apiId, apiSecret),
  }
}

/**
 * Values for the given names, from real logins at a running version. A version that has no such value, such as a
 * refresh token before v05, gives none.
 *
 * @param more sources of further names
 */
export async function freshValues(
  names: Iterable<string>,
  driver: Driver,
  more: Source[] = [],
): Promise<Values> {
  const wanted = new Set(names)
  const needed = [...SOURCES, ...more].filter((source) =>
    source.names.some((name) => wanted.has(name)),
  )
  const got = await Promise.all(needed.map((source) => source.get(driver)))
  const values: Values = Object.assign(settingsOf(driver), ...got)
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => wanted.has(name) && value !== ''),
  )
}

/** The names in braces in a draft, whether anything has such a name or not. */
export function namesIn(draft: Draft): Set<string> {
  const found = textsOf(draft).flatMap((text) => [...text.matchAll(NAME)])
  return new Set(found.map(([, name = '']) => name))
}

/** The draft with values in place of names. A name without a value stays, as do the braces of JSON. */
export function fillIn(draft: Draft, values: Values): Draft {
  return mapTexts(draft, (text) =>
    text.replace(NAME, (whole, name: string) => values[name] ?? whole),
  )
}

const NAME = /\{([a-z_]+)\}/g

/** A new code, directly from the server. */
export function codeOf(driver: Driver, request: Fields = {}): Promise<string> {
  return driver.code(request, PERSON)
}

/** Logs someone in at an authorization request, and stops at the consent page, if there is one. */
export async function openConsent(driver: Driver, query: Row[], user = 'user0'): Promise<Values> {
  const browser = driver.browser()
  const login = await browser.open(`${driver.serverUrl}/authorize?${encodeRows(query)}`)
  const next = await browser.submit(login, credentials(user))
  const isHere = next.location?.startsWith(driver.serverUrl) === true
  const page = isHere ? await browser.follow(next) : next
  return {
    consent: valueOn(page, 'consent'),
    consent_cookie: await cookiesOf(browser, driver),
  }
}

/** Does the same, and says no on the consent page. */
export async function denyConsent(driver: Driver, query: Row[]): Promise<Values> {
  const { consent = '', consent_cookie = '' } = await openConsent(driver, query)
  const url = `${driver.serverUrl}/consent?${encodeRows(query)}`
  const body = { consent, decision: 'deny' }
  await driver.browser().open(url, { method: 'POST', body, headers: { cookie: consent_cookie } })
  return { used_consent: consent, used_consent_cookie: consent_cookie }
}

async function startedLogin(driver: Driver, prefix: string, user?: string): Promise<Values> {
  const browser = driver.browser()
  const { searchParams } = new URL(await driver.loginUntilCallback(browser, user))
  return {
    [`${prefix}_code`]: searchParams.get('code') ?? '',
    [`${prefix}_state`]: searchParams.get('state') ?? '',
    [`${prefix}_cookie`]: await cookiesOf(browser, driver),
  }
}

/** Browsers keep cookies by host, so both programs get the same. RFC 6265 section 8.5 */
export function cookiesOf(browser: Browser, { clientUrl }: Driver): Promise<string> {
  return browser.jar.getCookieString(clientUrl)
}

/** The hidden value with this name on a page. Empty if the page has none. */
export function valueOn(page: Page, name: string): string {
  return formsOn(page).flatMap(({ values }) => values[name] ?? [])[0] ?? ''
}

export function tokensIn({ body }: { body: Record<string, unknown> }): Values {
  const { access_token, refresh_token } = body
  return {
    ...(typeof access_token === 'string' && { access_token }),
    ...(typeof refresh_token === 'string' && { refresh_token }),
  }
}
