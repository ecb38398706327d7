import { type Attack, blocked, succeeds } from '../attack.ts'
import type { AttackStage } from '../attack-stage.ts'
import { SECONDS_PER_HOUR } from '../story-record.ts'

export const refreshTokenTheft: Attack = {
  slug: 'refresh-token-theft',
  title: 'A stolen refresh token is used, after its owner used it and before',
  rule: 'RFC 9700 section 4.14.2, RFC 6749 section 10.4',
  expected: { 1: 'nothing', 5: 'blocked' },
  needs: { feature: 'refreshTokens', otherwise: 'There is no such token in this version.' },
  checks: [
    {
      file: 'server/grants/refresh-token.ts',
      line: 'if (!sameSecret(refresh_token, family.id + family.secret)) {',
      without: 'if (false) {',
    },
  ],
  settings: (knows) => ({
    ACCESS_TOKEN_TTL: String((knows.accessTokenTtl / 3600) * SECONDS_PER_HOUR),
  }),

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin(
      `A copy of the client's memory and of its settings: the victim's refresh token, and the name and secret of the client. In this run an hour lasts ${SECONDS_PER_HOUR} seconds, and the lifetime of the access token is shortened with it.`,
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const copied = stage.lastTokens.refresh_token
    await stage.letPass(6)
    await victim.seesProfileOf(
      'Six minutes later the access token has expired, and the victim opens their profile. The owner is first.',
    )
    const late = await offer(stage, copied, 'The attacker offers the copy, which is spent by now.')
    await victim.seesProfileOf(
      'The victim opens the profile again. The server has seen one refresh token twice and ended all tokens of this login.',
    )

    await victim.logsInAtClient('The victim logs in again. The attacker copies the new token.')
    const early = await offer(
      stage,
      stage.lastTokens.refresh_token,
      'This time the attacker is first. They do not wait.',
    )
    await attacker.readsProfileWith(early.access_token, 'For now they can read the profile.')
    await stage.letPass(6)
    await victim.seesProfileOf(
      'Six minutes later the victim opens the profile, and the client renews with the token that it believes to be good. The server sees it for the second time.',
    )
    const last = await offer(stage, early.refresh_token, 'The attacker tries to go on.')

    if ([late, last].every(({ access_token }) => access_token === undefined)) {
      return blocked(
        'The attacker has nothing any more. A refresh token works once, so whoever comes second gives the theft away: all tokens of that login end, and the victim is asked to log in. In between the attacker had the profile, for as long as the victim stayed away.',
      )
    }
    return succeeds("The attacker has tokens for the victim's account, and can renew them.")
  },
}

function offer({ attacker, lab }: AttackStage, refreshToken: unknown, meaning: string) {
  return attacker.asksForToken(
    { grant_type: 'refresh_token', refresh_token: String(refreshToken) },
    { id: lab.config.clientId },
    meaning,
  )
}
