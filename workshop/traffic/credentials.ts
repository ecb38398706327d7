import type { Login } from './login.ts'

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
  /** Whether the server has ended it, but whoever accepts it can't know that. */
  isRevoked?: boolean
}

/** What was issued, and has neither been used nor ended. Time alone may have ended it. */
export class Credentials {
  readonly #known = new Map<string, Credential>()

  get all(): Credential[] {
    return [...this.#known.values()]
  }

  get(kind: Credential['kind'], value: string | undefined): Credential | undefined {
    return this.#known.get(`${kind} ${value}`)
  }

  add(credential: Credential): void {
    this.#known.set(`${credential.kind} ${credential.value}`, credential)
  }

  delete(kind: Credential['kind'], value: string | undefined): void {
    this.#known.delete(`${kind} ${value}`)
  }

  clear(): void {
    this.#known.clear()
  }

  /** The codes and tokens of a login. */
  of(login: Login): Credential[] {
    return this.all.filter((one) => one.login === login && one.kind !== 'session')
  }

  /** An API that reads a JWT by itself doesn't ask the server, so it accepts the token all the same. */
  revoke(credential: Credential): void {
    if (credential.kind === 'access token' && credential.value.startsWith('eyJ')) {
      credential.isRevoked = true
    } else this.delete(credential.kind, credential.value)
  }
}
