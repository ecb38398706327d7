import type { LabConfig } from '@oauth-lab/shared/config.ts'
import type { TrafficLog } from './log.ts'
import type { Credential } from './login.ts'

type Lifetimes = Pick<LabConfig, 'codeTtl' | 'refreshTokenTtl' | 'sessionTtl'>

/**
 * What is alive at a time, as the messages of a log show it, with the lifetimes in the running version. What ends first
 * comes first.
 */
export function whatLives(log: TrafficLog, lifetimes: Lifetimes, now: number) {
  return log.logins.credentials
    .map((credential) => ({
      ...(log.values.of(credential.value) ?? { name: credential.kind, color: 0 }),
      of: credential.login === undefined ? 'at the server' : credential.login.who,
      /** When it ends, on the clock of the messages. Undefined if no message says that. */
      until: endOf(credential, lifetimes),
      isRevoked: credential.isRevoked,
    }))
    .filter(({ until = Number.POSITIVE_INFINITY }) => until > now)
    .sort((one, other) => (one.until ?? Infinity) - (other.until ?? Infinity) || 0)
}

/** Only an access token comes with its lifetime. The others have the ones of the settings. */
function endOf({ kind, since, lifetime }: Credential, lifetimes: Lifetimes): number | undefined {
  const seconds = {
    'access token': lifetime,
    code: lifetimes.codeTtl,
    'refresh token': lifetimes.refreshTokenTtl,
    session: lifetimes.sessionTtl,
  }[kind]
  return since === undefined || seconds === undefined ? undefined : since + seconds * 1000
}
