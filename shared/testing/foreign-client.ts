import * as oauth from 'oauth4webapi'
import { CODE_VERIFIER, type Lab } from './lab.ts'

const OPTIONS = { [oauth.allowInsecureRequests]: true }

/** oauth4webapi, another OAuth client, as a lab's client. It throws at a response that breaks an RFC. */
export class ForeignClient {
  readonly #lab: Lab
  readonly #server: oauth.AuthorizationServer
  readonly #client: oauth.Client
  readonly #authentication: oauth.ClientAuth

  constructor(lab: Lab, authentication = oauth.ClientSecretBasic) {
    this.#lab = lab
    this.#server = { issuer: lab.serverUrl, token_endpoint: `${lab.serverUrl}/token` }
    this.#client = { client_id: lab.config.clientId }
    this.#authentication = authentication(lab.config.clientSecret)
  }

  /** Reads the response to an authorization request with the state of `lab.authorizeUrl()`. */
  read(callback = 'none:'): URLSearchParams {
    return oauth.validateAuthResponse(this.#server, this.#client, new URL(callback), 'a-state')
  }

  /** Gets tokens for the code in an authorization response. */
  async redeem(callback: string | undefined, verifier = CODE_VERIFIER) {
    const answer = await oauth.authorizationCodeGrantRequest(
      this.#server,
      this.#client,
      this.#authentication,
      this.read(callback),
      this.#lab.redirectUri,
      verifier,
      OPTIONS,
    )
    return oauth.processAuthorizationCodeResponse(this.#server, this.#client, answer)
  }

  /** Gets tokens for a refresh token. */
  async refresh(token = '', additionalParameters: Record<string, string> = {}) {
    const answer = await oauth.refreshTokenGrantRequest(
      this.#server,
      this.#client,
      this.#authentication,
      token,
      { ...OPTIONS, additionalParameters },
    )
    return oauth.processRefreshTokenResponse(this.#server, this.#client, answer)
  }

  /** Calls the resource server with an access token. */
  ask(path: string, token: string): Promise<Response> {
    const url = new URL(this.#lab.apiUrl + path)
    return oauth.protectedResourceRequest(token, 'GET', url, undefined, undefined, OPTIONS)
  }
}
