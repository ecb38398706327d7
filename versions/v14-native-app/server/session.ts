import type { User } from '@oauth-lab/shared/users.ts'

/** Someone who logged in at the server with one browser. */
export interface Login {
  user: User
  /** The consent pages without an answer, by the value on the page. */
  consents: Map<string, { request: string; expiresAt: number }>
  /** The value on the pages of this session. It proves that someone saw one of them. */
  csrf: string
}

declare module 'fastify' {
  /** What the server remembers about one browser, which a session cookie identifies. */
  interface Session {
    /** Set while someone is logged in. */
    login?: Login
  }
}
