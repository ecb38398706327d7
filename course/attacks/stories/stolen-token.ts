import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker uses a stolen access token right away',
  rule: 'RFC 6750 section 5.1, RFC 9700 section 4.10',
  expected: { 1: 'nothing', 4: 'succeeds' },
  needs: { feature: 'profile', otherwise: 'An access token opens nothing in this version.' },
  checks: [],
  remedy:
    'A bearer token works for anyone who has it. RFC 8705 and RFC 9449 bind a token to a key of the client, so that it is useless without that key. RFC 9700 section 4.10.1 recommends this.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas("The victim's access token, from a log that records too much.")
    await victim.logsInAtClient('The victim logs in.')
    const account = await attacker.readsProfileWith(
      stage.lastTokens.access_token,
      `The attacker sends the token to the ${stage.resourceServer} with their own program.`,
    )

    return ending(account === 'victim', {
      succeeds: "The attacker reads the victim's profile until the token expires.",
      blocked: 'The attacker has a token that opens nothing.',
    })
  },
}
