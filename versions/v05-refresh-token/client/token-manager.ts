import type { BackChannelAnswer } from '@oauth-lab/shared/back-channel.ts'
import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { AccessTokenResponse } from '../protocol.ts'
import { requestToken, TokenRequestRefused } from './token-request.ts'

/**
 * The tokens of one login, and the only one who renews them. All requests of a session share one
 * manager: however many of them meet an expiry at once, one refresh serves them all. A second one
 * would offer a spent refresh token, and so end the login.
 */
export class TokenManager {
  readonly #config: LabConfig
  #tokens: AccessTokenResponse
  /** In milliseconds of the monotonic clock. */
  #renewAt: number
  #renewal: Promise<void> | undefined

  constructor(config: LabConfig, tokens: AccessTokenResponse) {
    this.#config = config
    this.#tokens = tokens
    this.#renewAt = renewalTime(tokens)
  }

  /**
   * Makes a call to the resource server with a token that is renewed shortly before it expires, and
   * makes it once more with a new one when the answer is 401. A refused renewal gives a 401, too.
   */
  async use(call: (accessToken: string) => Promise<BackChannelAnswer>): Promise<BackChannelAnswer> {
    try {
      if (performance.now() >= this.#renewAt) await this.#renew()
      const accessToken = this.#tokens.access_token
      const answer = await call(accessToken)
      if (answer.status !== 401) return answer

      // Where another request has renewed the token while this one waited, the new one serves.
      if (accessToken === this.#tokens.access_token) await this.#renew()
      return await call(this.#tokens.access_token)
    } catch (error) {
      if (error instanceof TokenRequestRefused) return { status: 401, body: {} }
      throw error
    }
  }

  /** One at a time: whoever comes while a renewal is under way waits for that one. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#requestTokens().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  /** RFC 6749 section 6 */
  async #requestTokens(): Promise<void> {
    this.#tokens = await requestToken(this.#config, {
      grant_type: 'refresh_token',
      refresh_token: this.#tokens.refresh_token,
    })
    this.#renewAt = renewalTime(this.#tokens)
  }
}

/** In the last tenth of its life, but at most 30 seconds before its end. */
function renewalTime({ expires_in }: AccessTokenResponse): number {
  const lead = Math.min(expires_in / 10, 30)
  return performance.now() + (expires_in - lead) * 1000
}
