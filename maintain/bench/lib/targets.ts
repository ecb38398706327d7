import { join } from 'node:path'
import { programsOf } from '@oauth-lab/course/programs/programs.ts'
import { ROOT, shortName, type Version } from '@oauth-lab/course/programs/versions.ts'
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
}

const OWN: Endpoints = { authorize: '/authorize', token: '/token', me: '/api/me' }
const TARGETS = join(ROOT, 'maintain', 'bench', 'targets')
/** Lifetimes longer than any measurement. */
const LONG = { ACCESS_TOKEN_TTL: '3600', CLIENT_URL: 'http://localhost:25001' }

/** Fastify with constant responses. */
export const limit: Target = {
  name: 'limit',
  launch: { main: join(TARGETS, 'limit.ts'), folder: TARGETS, env: LONG },
  endpoints: OWN,
  isLimit: true,
  hasResource: true,
  refreshes: true,
}

/** The certified server to use in place of the lab's. */
export const oidcProvider: Target = {
  name: 'oidc-provider',
  launch: { main: join(TARGETS, 'oidc-provider.ts'), folder: TARGETS, env: LONG },
  endpoints: { authorize: '/auth', token: '/token', me: '/me', scope: 'openid' },
  isLimit: false,
  hasResource: true,
  refreshes: true,
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
  }
}
