import { ToldError } from '@oauth-lab/course/told-error.ts'
import { basic, type JsonAnswer } from '@oauth-lab/shared/testing/driver.ts'
import type { Child } from './child.ts'
import type { Target } from './targets.ts'
import { User } from './user.ts'

interface Tokens {
  access_token: string
  refresh_token: string
}

const OTHER_VERIFIER = 'another-verifier-that-nobody-has-ever-sent-0'

/**
 * Tries requests that a server must reject, and one login that it must accept. A server that is fast
 * because it checks nothing would make the figures meaningless.
 *
 * @throws {ToldError} that says what the target did
 */
export async function proveRefusals(target: Target, child: Child): Promise<void> {
  const user = new User(child, target.endpoints)
  try {
    const { access_token, refresh_token } = await logInWhole(user, target)
    if (target.isLimit) return

    await refusesLogin(target, 'a wrong password', user.logIn({}, 'password1'))
    const elsewhere = { redirect_uri: 'http://localhost:25009/elsewhere' }
    await refusesLogin(target, 'a wrong redirect URI', user.logIn(elsewhere))
    const wrongClient = { authorization: basic('lab-client', 'wrong-secret') }
    const wrongSecret = await user.redeem(await user.logIn(), {}, wrongClient)
    refuses(target, 'a wrong secret', wrongSecret)
    const wrongUri = await user.redeem(await user.logIn(), elsewhere)
    refuses(target, 'a code with another redirect URI', wrongUri)
    if (knowsPkce(target)) {
      const wrongVerifier = await user.redeem(await user.logIn(), { code_verifier: OTHER_VERIFIER })
      refuses(target, 'a wrong verifier', wrongVerifier)
    }
    const code = await user.logIn()
    await user.redeem(code)
    refuses(target, 'a code used twice', await user.redeem(code))
    if (target.hasResource) {
      refuses(target, 'a made-up token', await user.me(`Bearer ${access_token.slice(0, -4)}AAAA`))
    }
    if (target.refreshes) await provesRotation(user, target, refresh_token)
    if (target.revokes) await provesRevocation(user, target)
  } finally {
    await user.close()
  }
}

/**
 * One login from the authorization request to the resource, with every response checked.
 *
 * @throws {ToldError} if a response is wrong
 */
export async function logInWhole(user: User, target: Target): Promise<Tokens> {
  const answer = await user.redeem(await user.logIn())
  const tokens = tokensOf(target, answer)
  if (target.hasResource) await askWhoIsThere(user, target, tokens.access_token)
  return tokens
}

/** @throws {ToldError} if the resource doesn't name the token's user */
export async function askWhoIsThere(user: User, target: Target, token: string): Promise<void> {
  const { status, body } = await user.me(`Bearer ${token}`)
  if (status !== 200 || body.username !== 'User Number 0') {
    throw new ToldError(`${target.name} responded ${status} to a valid token`)
  }
}

/** @throws {ToldError} if the server doesn't revoke the refresh token */
export async function revoke(user: User, target: Target, tokens: Tokens): Promise<void> {
  const { status } = await user.post('/revoke', { token: tokens.refresh_token })
  if (status !== 200) throw new ToldError(`${target.name} responded ${status} to a revocation`)
}

/** @throws {ToldError} if it isn't a token response */
export function tokensOf(target: Target, { status, body }: JsonAnswer): Tokens {
  const { access_token, refresh_token = '' } = body
  const complete = typeof access_token === 'string' && typeof refresh_token === 'string'
  if (status !== 200 || !complete || (target.refreshes && refresh_token === '')) {
    throw new ToldError(`${target.name} responded ${status} to a valid token request`)
  }
  return { access_token, refresh_token }
}

async function provesRotation(user: User, target: Target, refreshToken: string): Promise<void> {
  const renewed = tokensOf(target, await user.refresh(refreshToken))
  if (!target.isLimit && renewed.refresh_token === refreshToken) {
    throw new ToldError(`${target.name} doesn't rotate refresh tokens`)
  }
  refuses(target, 'a refresh token used twice', await user.refresh(refreshToken))
  refuses(target, 'the family of a stolen refresh token', await user.refresh(renewed.refresh_token))
}

async function provesRevocation(user: User, target: Target): Promise<void> {
  const tokens = await logInWhole(user, target)
  await revoke(user, target, tokens)
  refuses(target, 'a revoked refresh token', await user.refresh(tokens.refresh_token))
}

async function refusesLogin(target: Target, what: string, login: Promise<string>): Promise<void> {
  const refused = await login.then(
    () => false,
    (error: unknown) => error instanceof ToldError,
  )
  if (!refused) throw new ToldError(`${target.name} accepted ${what}`)
}

function refuses(target: Target, what: string, { status }: JsonAnswer): void {
  if (status !== 400 && status !== 401) {
    throw new ToldError(`${target.name} responded ${status} to ${what}`)
  }
}

function knowsPkce({ name }: Target): boolean {
  return name !== 'v01' && name !== 'v02'
}
