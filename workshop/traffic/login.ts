export interface Login {
  /** The id of its first message. */
  id: number
  /** When that was sent. */
  at: number
  /** Who logged in, once the server has accepted a password. */
  user: string | undefined
  client: string | undefined
  /** Whether the client acts for itself, without a user. */
  isForItself: boolean
  /** How it ended, or where it stands, in words. */
  fate: string
  /** Whether it succeeded, or someone refused it. */
  tone: 'good' | 'bad' | undefined
}

/** Who logs in at which client. */
export function whoOf({ user, client = 'a client', isForItself }: Login): string {
  return isForItself ? `${client} for itself` : `${user ?? 'Someone'} with ${client}`
}
