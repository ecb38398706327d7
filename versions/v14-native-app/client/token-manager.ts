import type { BackChannelResponse } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { AccessTokenResponse } from '../protocol.ts'
import { revokeTokens } from './revocation.ts'
import { requestToken, TokenRequestRefused } from './token-request.ts'

/**
 * Holds the tokens of one login and renews them. All requests of a session share one manager, so that
 * one refresh is enough for any number of them. A second refresh at the same time would send a refresh
 * token that is already used, and the server would end the login.
 */
export class TokenManager {
  readonly #config: LabConfig
  #tokens: AccessTokenResponse
  /** What the access token covers, as far as the client knows. */
  scopes: Set<string>
  /** In milliseconds of the monotonic clock. */
  #renewAt: number
  #renewal: Promise<void> | undefined
  #isRevoked = false

  constructor(config: LabConfig, tokens: AccessTokenResponse) {
    this.#config = config
    this.#tokens = tokens
    this.scopes = new Set(tokens.scope?.split(' '))
    this.#renewAt = renewalTime(tokens)
  }

  /**
   * Calls the resource server. Renews the access token first if it's about to expire, and once more if
   * the response is 401. Returns a 401 if the server also rejects the refresh.
   */
  async use(
    call: (accessToken: string) => Promise<BackChannelResponse>,
  ): Promise<BackChannelResponse> {
    try {
      if (performance.now() >= this.#renewAt) await this.#renew()
      const accessToken = this.#tokens.access_token
      const response = await call(accessToken)
      if (response.status !== 401) return response

      // Another request may have renewed the token while this one was waiting.
      if (accessToken === this.#tokens.access_token) await this.#renew()
      return await call(this.#tokens.access_token)
    } catch (error) {
      if (error instanceof TokenRequestRefused) return { status: 401, body: {} }
      throw error
    }
  }

  /**
   * Ends the access at the server, for good: tokens that a running refresh brings later end as well.
   *
   * @throws {PageError} 502 if the server doesn't confirm it
   */
  revoke(): Promise<void> {
    this.#isRevoked = true
    return revokeTokens(this.#config, this.#tokens)
  }

  /** Requests that need a renewal wait for one that is already running. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#requestTokens().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  /** RFC 6749 section 6 */
  async #requestTokens(): Promise<void> {
    const { refresh_token } = this.#tokens
    if (refresh_token === undefined) {
      throw new TokenRequestRefused(401, 'Expired', 'The server issued no refresh token.')
    }
    const tokens = await requestToken(this.#config, {
      grant_type: 'refresh_token',
      refresh_token,
    })
    // A response without a refresh token leaves the old one in use.
    this.#tokens = { refresh_token, ...tokens }
    if (tokens.scope !== undefined) this.scopes = new Set(tokens.scope.split(' '))
    this.#renewAt = renewalTime(this.#tokens)
    if (!this.#isRevoked) return
    await this.revoke()
    throw new TokenRequestRefused(401, 'Logged out', 'This login ended during the refresh.')
  }
}

/** In the last tenth of the token's lifetime, but at most 30 seconds before the end. */
function renewalTime({ expires_in, refresh_token }: AccessTokenResponse): number {
  if (expires_in === undefined || refresh_token === undefined) return Number.POSITIVE_INFINITY
  const lead = Math.min(expires_in / 10, 30)
  return performance.now() + (expires_in - lead) * 1000
}
