import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { portOf, readConfig } from '@oauth-lab/shared/config.ts'
import { ExpiringMap } from '@oauth-lab/shared/expiring-map.ts'
import { authenticateUser } from '@oauth-lab/shared/passwords.ts'
import Provider, { type Configuration } from 'oidc-provider'
// @ts-expect-error: it has no types.
import MemoryAdapter, { setStorage } from 'oidc-provider/lib/adapters/memory_adapter.js'

/**
 * The certified server to use in place of the lab's own, configured to do the same work:
 * one confidential client, PKCE required, refresh tokens rotated, and a login form without script or
 * consent. Its ID tokens are signed with ES256, its cheapest algorithm. With the setting ACCESS_TOKENS its access
 * tokens have that format and are for the API. Otherwise they are for its own userinfo endpoint.
 */
const config = readConfig(process.env)
const { ACCESS_TOKENS } = process.env
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ format: 'jwk' })

const configuration: Configuration = {
  clients: [
    {
      client_id: config.clientId,
      client_secret: config.clientSecret,
      redirect_uris: [`${config.clientUrl}/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    {
      client_id: config.apiId,
      client_secret: config.apiSecret,
      redirect_uris: [],
      response_types: [],
      grant_types: [],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  jwks: { keys: [{ ...key, kty: 'EC', alg: 'ES256', use: 'sig' }] },
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  claims: { openid: ['sub', 'username', 'email'] },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: ACCESS_TOKENS !== undefined,
      defaultResource: () => config.apiUrl,
      getResourceServerInfo: () => ({
        scope: 'profile',
        audience: config.apiUrl,
        accessTokenFormat: ACCESS_TOKENS === 'jwt' ? 'jwt' : 'opaque',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  routes: { introspection: '/introspect', jwks: '/jwks', revocation: '/revoke' },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: {
    AccessToken: config.accessTokenTtl ?? 300,
    AuthorizationCode: config.codeTtl,
    Grant: config.refreshTokenTtl,
    IdToken: 300,
    Interaction: config.codeTtl,
    RefreshToken: config.refreshTokenTtl,
    Session: config.sessionTtl,
  },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, username: 'User Number 0', email: `${id}@oauth-lab.me` }),
  }),
  // Skips the consent page, because the lab's own server has none either.
  loadExistingGrant: async ({ oidc }) => {
    const { provider, client, session } = oidc
    const grant = new provider.Grant({
      clientId: client?.clientId ?? '',
      accountId: session?.accountId ?? '',
    })
    if (ACCESS_TOKENS === undefined) grant.addOIDCScope('openid')
    else grant.addResourceScope(config.apiUrl, 'profile')
    await grant.save()
    return grant
  },
}
// Its memory keeps at most 1,000 entries, which suits the speed but not the memory measurement.
if (process.env.UNBOUNDED) {
  const entries = new ExpiringMap<{ value: unknown }>(Number.POSITIVE_INFINITY)
  setStorage({
    get: (key: string) => entries.get(key)?.value,
    set: (key: string, value: unknown, { maxAge = Number.POSITIVE_INFINITY } = {}) =>
      entries.set(key, { value }, maxAge / 1000),
    delete: (key: string) => entries.delete(key),
  })
  configuration.adapter = MemoryAdapter
}

const provider = new Provider(config.authServerUrl, configuration)
const others = provider.callback()
const server = createServer((request, response) => {
  if (request.url?.startsWith('/interaction/')) {
    interact(request, response).catch(() => response.writeHead(400).end())
    return
  }
  others(request, response)
})
server.listen(portOf(config.authServerUrl), 'localhost')

const page = `<!doctype html><form method="post"><input name="username"><input name="password"></form>${' '.repeat(950)}`

async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await provider.interactionDetails(request, response)
  if (request.method === 'GET') return showLogin(response, 200)

  const form = new URLSearchParams(await text(request))
  const user = authenticateUser(form.get('username') ?? '', form.get('password') ?? '')
  if (user === undefined) return showLogin(response, 401)
  await provider.interactionFinished(request, response, { login: { accountId: user.user_id } })
}

function showLogin(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(page)
}
