import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker finds and uses a stolen access token 45 minutes later',
  rule: 'RFC 6750 section 5.3, RFC 9700 section 4.14',
  expected: { 1: 'nothing', 4: 'succeeds', 5: 'blocked' },
  needs: { feature: 'profile', otherwise: 'An access token opens nothing in this version.' },
  checks: [
    {
      file: 'server/store.ts',
      line: 'accessTokenTtl: config.accessTokenTtl ?? 300,',
      without: 'accessTokenTtl: config.accessTokenTtl ?? 3600,',
    },
  ],
  movesClock: true,

  async play(stage) {
    const { attacker, victim } = stage
    const minutes = stage.knows.accessTokenTtl / 60
    stage.attackerHas(
      "A log in which they will find the victim's access token 45 minutes from now. In this run the clock jumps ahead.",
    )
    await victim.logsInAtClient('The victim logs in.')
    const { access_token } = stage.lastTokens
    stage.passMinutes(45)
    stage.outside('attacker', 'attacker', '45 minutes later the attacker finds the token.')
    const account = await attacker.readsProfileWith(
      access_token,
      `They send it to the ${stage.resourceServer} with their own program.`,
    )

    return ending(account === 'victim', {
      succeeds: `The attacker reads the victim's profile. A token works for ${minutes} minutes, whether or not the client needs it that long.`,
      blocked: `The attacker has a token that no longer works. It expired after ${minutes} minutes.`,
    })
  },
}
