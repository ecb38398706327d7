/** A login, and what is known of it while its messages are read. */
export class Login {
  /** The id of its first message. */
  readonly id: number
  /** When that was sent. */
  readonly at: number
  readonly client: string | undefined
  /** Who logged in, once the server has accepted a password. */
  user: string | undefined
  /** Whether the client acts for itself, without a user. */
  isForItself = false
  /** How it ended, or where it stands, in words. */
  fate = ''
  /** Whether it succeeded, or someone refused it. */
  tone: 'good' | 'bad' | undefined
  /** What its authorization request repeats at each step. */
  key: string | undefined
  challenge: string | undefined
  /** The connections and server sessions of its browser. */
  readonly browser = new Set<string>()
  /** Whether its authorization request has reached the server, and whether the server has answered it. */
  isOpened = false
  isAnswered = false
  /** When the server issued its code. */
  authorizedAt: number | undefined
  newestAccessToken: string | undefined
  isLoggedOut = false
  hasEnded = false

  constructor(id: number, at: number, client: string | undefined) {
    this.id = id
    this.at = at
    this.client = client
  }

  tell(fate: string, tone?: Login['tone']): void {
    this.fate = fate
    this.tone = tone
  }

  /** Who logs in at which client. */
  get who(): string {
    const { user = 'Someone', client = 'a client' } = this
    return this.isForItself ? `${client} for itself` : `${user} with ${client}`
  }
}

/** Something that works until it is used, ends, or expires. */
export interface Credential {
  kind: 'code' | 'access token' | 'refresh token' | 'session'
  value: string
  /** Undefined for a session at the server, which is good for several logins. */
  login: Login | undefined
  /** When its time began: in milliseconds, on the clock of the messages. */
  since: number | undefined
  /** Its lifetime in seconds, if a response said it. */
  lifetime?: number | undefined
  /** Whether the server has revoked it, although an API still accepts it. */
  isRevoked?: boolean
}
