import { setTimeout as sleep } from 'node:timers/promises'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { Child } from './child.ts'
import { logInWhole } from './refusals.ts'
import type { Target } from './targets.ts'
import { User } from './user.ts'

/** Of an access token, in seconds. */
export const LIFETIME = 10

/**
 * Revokes an access token right after it was issued, and asks for the resource until it is rejected.
 *
 * @returns how long that took, in seconds
 * @throws {ToldError} if a response is wrong
 */
export async function measureRevocation(target: Target): Promise<number> {
  const env = { ...target.launch.env, ACCESS_TOKEN_TTL: String(LIFETIME) }
  const child = await Child.start({ ...target.launch, env })
  const user = new User(child, target.endpoints)
  try {
    const { access_token } = await logInWhole(user, target)
    const { status } = await user.post('/revoke', { token: access_token })
    if (status !== 200) throw new ToldError(`${target.name} responded ${status} to a revocation`)
    const from = performance.now()
    while ((await user.me(`Bearer ${access_token}`)).status === 200) await sleep(1)
    return (performance.now() - from) / 1000
  } finally {
    await user.close()
    await child.stop()
  }
}
