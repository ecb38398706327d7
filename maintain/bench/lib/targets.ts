import { join } from 'node:path'
import { programsOf } from '@oauth-lab/course/programs/programs.ts'
import { listVersions, ROOT, shortName, type Version } from '@oauth-lab/course/programs/versions.ts'
import type { Launch } from './child.ts'
import type { Endpoints } from './user.ts'

/** A program to measure. */
export interface Target {
  name: string
  launch: Launch
  endpoints: Endpoints
  /** Sends constant responses and rejects nothing. */
  isLimit: boolean
  hasResource: boolean
  refreshes: boolean
  revokes: boolean
  /** The certified server that does the same work, or undefined for that server and for the limit. */
  provider?: Target
}

const OWN: Endpoints = { authorize: '/authorize', token: '/token', me: '/api/me' }
const TARGETS = join(ROOT, 'maintain', 'bench', 'targets')
/** Lifetimes longer than any measurement. */
const LONG = { ACCESS_TOKEN_TTL: '3600', CLIENT_URL: 'http://localhost:25001' }
/** The first versions with a revocation endpoint, with an API that asks the server, and with signed tokens. */
const [REVOCATION, INTROSPECTION, JWT] = [9, 12, 13]

/** Fastify with constant responses. */
export const limit: Target = {
  name: 'limit',
  launch: { main: join(TARGETS, 'limit.ts'), folder: TARGETS, env: LONG },
  endpoints: OWN,
  isLimit: true,
  hasResource: true,
  refreshes: true,
  revokes: true,
}

/** The certified server to use in place of the lab's. */
export const oidcProvider: Target = {
  name: 'oidc-provider',
  launch: { main: join(TARGETS, 'oidc-provider.ts'), folder: TARGETS, env: LONG },
  endpoints: { authorize: '/auth', token: '/token', me: '/me', scope: 'openid' },
  isLimit: false,
  hasResource: true,
  refreshes: true,
  revokes: true,
}

/** The same server behind an API of the lab, which asks it about each token, or checks signed ones. */
export const oidcProvidersWithApi = {
  introspection: providerWithApi('oidc-provider, API asks', INTROSPECTION, 'opaque'),
  jwt: providerWithApi('oidc-provider, JWT', JWT, 'jwt'),
}

/** The server of a snapshot. */
export function targetOf(version: Version): Target {
  const { folder, number } = version
  const { listening } = programsOf(version)
  return {
    name: shortName(version),
    launch: {
      main: join(folder, 'server', 'main.ts'),
      folder,
      env: LONG,
      ...(listening.includes('api') && { api: join(folder, 'api', 'main.ts') }),
    },
    endpoints: OWN,
    isLimit: false,
    hasResource: number >= 4,
    refreshes: number >= 5,
    revokes: number >= REVOCATION,
    provider: providerFor(number),
  }
}

function providerFor(number: number): Target {
  if (number >= JWT) return oidcProvidersWithApi.jwt
  if (number >= INTROSPECTION) return oidcProvidersWithApi.introspection
  return oidcProvider
}

/** @param tokens the format of its access tokens */
function providerWithApi(name: string, versionOfApi: number, tokens: 'opaque' | 'jwt'): Target {
  const { launch, endpoints } = oidcProvider
  const folder = listVersions().find(({ number }) => number === versionOfApi)?.folder ?? ''
  return {
    ...oidcProvider,
    name,
    launch: {
      ...launch,
      env: { ...LONG, ACCESS_TOKENS: tokens },
      api: join(folder, 'api', 'main.ts'),
    },
    endpoints: { ...endpoints, me: OWN.me, scope: 'profile' },
  }
}
