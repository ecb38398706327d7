// Where the type comes from that is extended here.
import '@oauth-lab/shared/session.ts'

declare module 'fastify' {
  /** What the client remembers of one browser, found by its session cookie. */
  interface Session {
    /** The login that was begun in this browser last, until its answer comes. */
    pendingLogin?: {
      state: string
      /** Leaves this session for the token request alone. RFC 7636 section 4.5 */
      codeVerifier: string
    }
  }
}
