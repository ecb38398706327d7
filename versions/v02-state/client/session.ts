/** A login that this browser started. It ends when the response arrives. */
export interface PendingLogin {
  state: string
}

declare module 'fastify' {
  /** What the client remembers about one browser, which a session cookie identifies. */
  interface Session {
    pendingLogin?: PendingLogin
  }
}
