import * as openid from 'openid-client'
import type { Browser } from './browser.ts'
import type { Lab } from './lab.ts'

interface Registration {
  id: string
  secret?: string
  redirectUri?: string
}

/** openid-client, another OAuth client, as one of a lab's clients. It throws at a response that breaks an RFC. */
export class OpenidClient {
  readonly #lab: Lab
  readonly #redirectUri: string
  readonly #configuration: openid.Configuration

  /** Without a client, this is lab-client. One without a secret is public. */
  constructor(
    lab: Lab,
    client: Registration = { id: lab.config.clientId, secret: lab.config.clientSecret },
  ) {
    const { id, secret, redirectUri = lab.redirectUri } = client
    const issuer = lab.serverUrl
    const server = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      revocation_endpoint: `${issuer}/revoke`,
      introspection_endpoint: `${issuer}/introspect`,
    }
    this.#lab = lab
    this.#redirectUri = redirectUri
    const authentication = secret === undefined ? openid.None() : openid.ClientSecretBasic(secret)
    this.#configuration = new openid.Configuration(server, id, undefined, authentication)
    openid.allowInsecureRequests(this.#configuration)
  }

  /** A login of user0 with PKCE, up to the tokens. */
  async logIn(browser: Browser, scope: string) {
    const pkceCodeVerifier = openid.randomPKCECodeVerifier()
    const expectedState = openid.randomState()
    const url = openid.buildAuthorizationUrl(this.#configuration, {
      redirect_uri: this.#redirectUri,
      scope,
      state: expectedState,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    })
    const { location = 'none:' } = await this.#lab.enterPassword(browser, url.href)
    const checks = { pkceCodeVerifier, expectedState }
    return openid.authorizationCodeGrant(this.#configuration, new URL(location), checks)
  }

  /** Gets tokens for a refresh token. */
  refresh(token = '') {
    return openid.refreshTokenGrant(this.#configuration, token)
  }

  /** Calls the resource server with an access token. */
  ask(path: string, token: string): Promise<Response> {
    const url = new URL(this.#lab.apiUrl + path)
    return openid.fetchProtectedResource(this.#configuration, token, url, 'GET')
  }

  /** Asks what a token stands for. RFC 7662 */
  introspect(token: string) {
    return openid.tokenIntrospection(this.#configuration, token)
  }

  /** Ends a token. RFC 7009 */
  revoke(token: string): Promise<void> {
    return openid.tokenRevocation(this.#configuration, token)
  }
}
