import { generateKeyPairSync } from 'node:crypto'
import type { Driver, Fields } from '@oauth-lab/shared/testing/driver.ts'
import type { FormFields } from '@oauth-lab/shared/testing/exchange.ts'
import { es256, hs256, type JwtParts, makeJwt, readJwt } from '../attacks/jwt.ts'
import {
  CONSENT_QUERY,
  codeOf,
  cookiesOf,
  denyConsent,
  freshValues,
  namesIn,
  openConsent,
  SOURCES,
  type Source,
  settingsOf,
  tokensIn,
  type Values,
  valueOn,
} from './fresh-values.ts'
import { AS_OTHER, CLI, GUESS, OTHER_CLIENT } from './make-draft.ts'
import type { Draft } from './request-draft.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Values that come from more than a login. */
const LESSON_SOURCES: Source[] = [
  {
    names: ['used_state', 'used_cookie'],
    words: 'user0 has delivered the response to a login.',
    async get(driver) {
      const browser = driver.browser()
      const response = await driver.loginUntilCallback(browser)
      const used_cookie = await cookiesOf(browser, driver)
      await browser.visit(response)
      return { used_state: queryOf(response).state ?? '', used_cookie }
    },
  },
  {
    names: ['earlier_code', 'earlier_state', 'earlier_cookie'],
    words: 'user0 logs in in one tab, and then starts a login in a second tab.',
    async get(driver) {
      const browser = driver.browser()
      const { code = '', state = '' } = queryOf(await driver.loginUntilCallback(browser))
      await driver.beginLogin(browser)
      const earlier_cookie = await cookiesOf(browser, driver)
      return { earlier_code: code, earlier_state: state, earlier_cookie }
    },
  },
  {
    names: ['guessed_code'],
    words: 'Someone sends a code with a verifier that they made up.',
    async get(driver) {
      const guessed_code = await codeOf(driver)
      await driver.redeem(guessed_code, GUESS)
      return { guessed_code }
    },
  },
  {
    names: ['ended_cookie'],
    words: 'user0 logs in at the client, and logs out.',
    async get(driver) {
      const browser = driver.browser()
      await driver.login(browser)
      const ended_cookie = await cookiesOf(browser, driver)
      await browser.open(`${driver.clientUrl}/logout`, { method: 'POST' })
      return { ended_cookie }
    },
  },
  {
    names: ['planted_cookie'],
    words:
      "The attacker plants a cookie of the client in the victim's browser. The victim logs in.",
    async get(driver) {
      const browser = driver.browser()
      await driver.beginLogin(browser)
      const planted_cookie = await cookiesOf(browser, driver)
      await driver.login(browser)
      return { planted_cookie }
    },
  },
  {
    names: ['family_access_token', 'family_refresh_token'],
    words: 'The client refreshes twice. Then someone sends the first refresh token again.',
    async get(driver) {
      const first = await tokensFor(driver)
      const second = await refreshed(driver, first)
      const third = await refreshed(driver, second)
      await refreshed(driver, first)
      return named('family', { ...third, access_token: first.access_token ?? '' })
    },
  },
  {
    names: ['repeated_access_token'],
    words: 'The client gets tokens for a code. Then someone sends the same request again.',
    async get(driver) {
      const code = await codeOf(driver)
      const tokens = tokensIn(await driver.redeem(code))
      await driver.redeem(code)
      return named('repeated', tokens)
    },
  },
  {
    names: ['email_access_token'],
    words: 'user1 logs in, and the client gets a token for the email address only.',
    get: async (driver) => named('email', await tokensFor(driver, { scope: 'email' })),
  },
  {
    names: ['used_consent', 'used_consent_cookie'],
    words: 'user0 logs in at the server, sees the consent page, and says no.',
    get: (driver) => denyConsent(driver, CONSENT_QUERY),
  },
  {
    names: ['other_consent'],
    words: 'Another session sees that page, too.',
    async get(driver) {
      const { consent = '' } = await openConsent(driver, CONSENT_QUERY)
      return { other_consent: consent }
    },
  },
  {
    names: ['first_consent', 'first_consent_cookie'],
    words:
      'user0 logs in at the server, and sees the consent page of another authorization request.',
    async get(driver) {
      const { consent = '', consent_cookie = '' } = await openConsent(driver, CONSENT_QUERY)
      return { first_consent: consent, first_consent_cookie: consent_cookie }
    },
  },
  {
    names: ['foreign_access_token', 'foreign_refresh_token'],
    words: 'user1 logs in, and other-client gets tokens.',
    async get(driver) {
      const { redirect_uri } = OTHER_CLIENT
      const code = await codeOf(driver, OTHER_CLIENT)
      return named('foreign', tokensIn(await driver.redeem(code, { redirect_uri }, AS_OTHER)))
    },
  },
  {
    names: ['revoked_access_token'],
    words: 'user1 logs in, and the client revokes its access token.',
    async get(driver) {
      const tokens = await tokensFor(driver)
      await postTo(driver, '/revoke', { token: tokens.access_token }, asClient(driver))
      return named('revoked', tokens)
    },
  },
  {
    names: ['left_access_token', 'left_refresh_token'],
    words: 'user1 logs in, and the client revokes its refresh token.',
    async get(driver) {
      const tokens = await tokensFor(driver)
      await postTo(driver, '/revoke', { token: tokens.refresh_token }, asClient(driver))
      return named('left', tokens)
    },
  },
  {
    names: ['renewed_access_token', 'renewed_refresh_token'],
    words: 'The client refreshes, and then revokes the refresh token that it has used.',
    async get(driver) {
      const tokens = await tokensFor(driver)
      const renewed = await refreshed(driver, tokens)
      await postTo(driver, '/revoke', { token: tokens.refresh_token }, asClient(driver))
      return named('renewed', renewed)
    },
  },
  {
    names: ['disconnected_access_token', 'disconnected_refresh_token', 'disconnected_code'],
    words:
      'The client has tokens of user1, and a code of another login. Then user1 disconnects it.',
    async get(driver) {
      const tokens = await tokensFor(driver)
      const disconnected_code = await codeOf(driver)
      await disconnect(driver)
      return { ...named('disconnected', tokens), disconnected_code }
    },
  },
  {
    names: ['disconnected_cookie'],
    words: 'user1 logs in at the client, and disconnects it at the server.',
    async get(driver) {
      const browser = driver.browser()
      await driver.login(browser, 'user1')
      await disconnect(driver)
      return { disconnected_cookie: await cookiesOf(browser, driver) }
    },
  },
  {
    names: ['used_csrf', 'used_account_cookie'],
    words: 'user1 logs in at the client, and disconnects it at the server.',
    get: disconnect,
  },
  {
    names: ['other_csrf'],
    words: 'Another session of the same user opens that page, too.',
    get: async (driver) => ({ other_csrf: (await openAccount(driver)).used_csrf ?? '' }),
  },
  {
    names: ['worker_access_token'],
    words: 'The worker gets a token of its own.',
    get: async (driver) => named('worker', await workerTokens(driver)),
  },
  {
    names: ['revoked_worker_access_token'],
    words: 'The worker gets a token of its own, and revokes it.',
    async get(driver) {
      const tokens = await workerTokens(driver)
      await postTo(driver, '/revoke', { token: tokens.access_token }, asWorker(driver))
      return named('revoked_worker', tokens)
    },
  },
  forged('sub', 'Someone changes its sub to user0.', ({ header, claims, signature }) =>
    makeJwt({ header, claims: { ...claims, sub: 'user0' } }, () => signature),
  ),
  forged('scope', 'Someone adds a scope to it.', ({ header, claims, signature }) =>
    makeJwt({ header, claims: { ...claims, scope: 'profile email' } }, () => signature),
  ),
  forged('exp', 'Someone moves its exp by a day.', ({ header, claims, signature }) =>
    makeJwt({ header, claims: { ...claims, exp: Number(claims.exp) + 86_400 } }, () => signature),
  ),
  forged('aud', 'Someone changes its aud.', ({ header, claims, signature }) =>
    makeJwt({ header, claims: { ...claims, aud: 'https://api.example' } }, () => signature),
  ),
  forged('typ', 'Someone changes its typ.', ({ header, claims, signature }) =>
    makeJwt({ header: { ...header, typ: 'JWT' }, claims }, () => signature),
  ),
  forged('cut', 'Someone cuts off its signature.', (genuine) => makeJwt(genuine, () => '')),
  forged('none', 'Someone writes alg none into a copy.', ({ header, claims }) =>
    makeJwt({ header: { ...header, alg: 'none' }, claims }, () => ''),
  ),
  forged('hs', 'Someone signs a copy, with what /jwks returns as the secret.', (genuine) => {
    const { header, claims, keys } = genuine
    return makeJwt({ header: { ...header, alg: 'HS256' }, claims }, hs256(keys))
  }),
  forged('key', 'Someone signs a copy with a key of their own.', (genuine) =>
    makeJwt(genuine, es256(privateKey)),
  ),
  forged('jwk', 'Someone signs a copy, and puts their key in.', ({ header, claims }) => {
    const jwk = publicKey.export({ format: 'jwk' })
    return makeJwt({ header: { ...header, jwk }, claims }, es256(privateKey))
  }),
  {
    names: ['mixed_access_token'],
    words: "Someone puts a user's claims before the signature of the worker's token.",
    async get(driver) {
      const [header, claims] = ((await tokensFor(driver)).access_token ?? '').split('.')
      const [, , signature] = ((await workerTokens(driver)).access_token ?? '').split('.')
      return { mixed_access_token: [header, claims, signature].join('.') }
    },
  },
  {
    names: ['cli_code'],
    words: 'user0 logs in for lab-cli, which gets a code.',
    get: async (driver) => ({ cli_code: await cliCode(driver) }),
  },
  {
    names: ['guessed_cli_code'],
    words: 'Someone sends a code of lab-cli with a verifier that they made up.',
    async get(driver) {
      const guessed_cli_code = await cliCode(driver)
      await redeemAsCli(driver, guessed_cli_code, GUESS)
      return { guessed_cli_code }
    },
  },
  {
    names: ['cli_access_token', 'cli_refresh_token'],
    words: 'user0 logs in for lab-cli, which gets tokens.',
    get: async (driver) => named('cli', await redeemAsCli(driver, await cliCode(driver))),
  },
  {
    names: ['revoked_cli_refresh_token'],
    words: 'user0 logs in for lab-cli, which revokes its tokens.',
    async get(driver) {
      const tokens = await redeemAsCli(driver, await cliCode(driver))
      const form = { client_id: CLI.client_id, token: tokens.refresh_token }
      await postTo(driver, '/revoke', form)
      return named('revoked_cli', tokens)
    },
  },
]

/** What happens before a request with these names in it is sent. Undefined if nothing has to. */
export function wordsFor(draft: Draft): string | undefined {
  const words = [...namesIn(draft)].flatMap((name) => {
    const source = [...SOURCES, ...LESSON_SOURCES].find(({ names }) => names.includes(name))
    return source?.words ?? []
  })
  return words.length === 0 ? undefined : [...new Set(words)].join(' ')
}

/** The values of the names in a request, from real logins at a running version. */
export async function valuesFor(draft: Draft, driver: Driver): Promise<Values> {
  const names = namesIn(draft)
  if (draft.path !== '/consent' || !names.has('consent')) {
    return freshValues(names, driver, LESSON_SOURCES)
  }
  // This one belongs to the authorization request in the query.
  const { consent, consent_cookie } = await openConsent(driver, draft.query)
  names.delete('consent')
  names.delete('consent_cookie')
  const others = await freshValues(names, driver, LESSON_SOURCES)
  return { ...others, ...(consent && { consent }), ...(consent_cookie && { consent_cookie }) }
}

/** A readable token, and what a person can make of it. */
interface Genuine extends JwtParts {
  signature: string
  /** What /jwks returns. */
  keys: string
}

/** A token of user1 after someone changed it. Before v13, a token can't be read, and this is made up. */
function forged(name: string, words: string, forge: (genuine: Genuine) => string): Source {
  return {
    names: [`${name}_access_token`],
    words: `The client has a token of user1. ${words}`,
    async get(driver) {
      const { access_token = '' } = await tokensFor(driver)
      const [, , signature = ''] = access_token.split('.')
      const { body: keys } = await driver.browser().open(`${driver.serverUrl}/jwks`)
      return { [`${name}_access_token`]: forge({ ...readJwt(access_token), signature, keys }) }
    },
  }
}

async function tokensFor(driver: Driver, request: Fields = {}): Promise<Values> {
  return tokensIn(await driver.redeem(await codeOf(driver, request)))
}

async function refreshed(driver: Driver, { refresh_token = '' }: Values): Promise<Values> {
  return tokensIn(await driver.refresh(refresh_token))
}

async function workerTokens(driver: Driver): Promise<Values> {
  return tokensIn(await driver.token({ grant_type: 'client_credentials' }, asWorker(driver)))
}

/** A code for lab-cli. Before v14, the server doesn't know it, and the code is empty. */
async function cliCode(driver: Driver): Promise<string> {
  const page = await driver.enterPassword(driver.browser(), driver.authorizeUrl(CLI))
  return queryOf(page.location).code ?? ''
}

async function redeemAsCli(driver: Driver, code: string, changes: Fields = {}): Promise<Values> {
  return tokensIn(await driver.redeem(code, { ...CLI, ...changes }, { authorization: undefined }))
}

/** Opens the page with the connected apps, after a login at the client that connects one. */
async function openAccount(driver: Driver): Promise<Values> {
  const browser = driver.browser()
  await driver.login(browser, 'user1')
  const csrf = valueOn(await browser.open(`${driver.serverUrl}/account`), 'csrf')
  return { used_csrf: csrf, used_account_cookie: await cookiesOf(browser, driver) }
}

/** user1 disconnects the client. Returns what the form sent. Before v10, there is none. */
async function disconnect(driver: Driver): Promise<Values> {
  const values = await openAccount(driver)
  const form = { csrf: values.used_csrf, client_id: settingsOf(driver).client_id }
  await postTo(driver, '/account/disconnect', form, { cookie: values.used_account_cookie })
  return values
}

function asClient(driver: Driver) {
  return { authorization: settingsOf(driver).basic }
}

function asWorker(driver: Driver) {
  return { authorization: settingsOf(driver).worker_basic }
}

/** Posts to the server, which may not know the path. */
async function postTo(
  driver: Driver,
  path: string,
  body: FormFields,
  headers: Fields = {},
): Promise<void> {
  await driver.browser().open(driver.serverUrl + path, { method: 'POST', body, headers })
}

/** Tokens under the names of a source: `used` gives `used_access_token`. */
function named(prefix: string, tokens: Values): Values {
  return Object.fromEntries(
    Object.entries(tokens).map(([name, value]) => [`${prefix}_${name}`, value]),
  )
}

function queryOf(url = 'none:'): Values {
  return Object.fromEntries(new URL(url).searchParams)
}
