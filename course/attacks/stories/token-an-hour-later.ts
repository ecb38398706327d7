import { type Attack, blocked, succeeds } from '../attack.ts'
import { SECONDS_PER_HOUR } from '../story-record.ts'

export const tokenAnHourLater: Attack = {
  slug: 'token-an-hour-later',
  title: 'A stolen access token is found and used most of an hour later',
  rule: 'RFC 6750 section 5.3, RFC 9700 section 4.14',
  expected: { 1: 'nothing', 4: 'succeeds', 5: 'blocked' },
  needs: { feature: 'profile', otherwise: 'A token opens nothing in this version.' },
  checks: [
    {
      file: 'server/store.ts',
      line: 'accessTokenTtl: config.accessTokenTtl ?? 300,',
      without: 'accessTokenTtl: config.accessTokenTtl ?? 3600,',
    },
  ],
  settings: (knows) => ({
    ACCESS_TOKEN_TTL: String((knows.accessTokenTtl / 3600) * SECONDS_PER_HOUR),
  }),

  async play(stage) {
    const { attacker, victim } = stage
    const minutes = stage.knows.accessTokenTtl / 60
    stage.begin(
      `A log in which they will find the victim's access token, 45 minutes from now. In this run an hour lasts ${SECONDS_PER_HOUR} seconds, and the ${minutes} minutes that a token lives here are shortened with it.`,
    )
    await victim.logsInAtClient('The victim logs in.')
    const { access_token } = stage.lastTokens
    await stage.letPass(45)
    stage.outside('attacker', 'attacker', '45 minutes later the attacker finds the token.')
    const account = await attacker.readsProfileWith(
      access_token,
      'They show it to the server, with a program of their own.',
    )

    if (account !== 'victim') {
      return blocked(
        `The attacker has a token that opens nothing any more: it lived for ${minutes} minutes.`,
      )
    }
    return succeeds(
      `The attacker reads the victim's profile. A token lives for ${minutes} minutes, whether its owner needs it that long or not.`,
    )
  },
}
