import type { TokenManager } from './token-manager.ts'

/** A login that this browser started. It ends when the response arrives. */
export interface PendingLogin {
  state: string
  /** Leaves this session only in the token request. RFC 7636 section 4.5 */
  codeVerifier: string
  /** What the client asked for. */
  scope: string
  /** The page that the login leads to. */
  wayBack: '/profile' | '/email'
}

declare module 'fastify' {
  /** What the client remembers about one browser, which a session cookie identifies. */
  interface Session {
    pendingLogin?: PendingLogin
    /** Set while someone is logged in. */
    tokens?: TokenManager
  }
}
