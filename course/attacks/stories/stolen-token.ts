import { type Attack, blocked, succeeds } from '../attack.ts'

export const stolenToken: Attack = {
  slug: 'stolen-token',
  title: 'A stolen access token is used at once',
  rule: 'RFC 6750 section 5.1, RFC 9700 section 4.10',
  expected: { 1: 'nothing', 4: 'succeeds' },
  needs: { feature: 'profile', otherwise: 'A token opens nothing in this version.' },
  checks: [],
  remedy:
    'A bearer token serves whoever bears it. RFC 8705 and RFC 9449 tie a token to a key of the client, so that it is worth nothing without that key. RFC 9700 section 4.10.1 recommends it.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin("The victim's access token, from a log that keeps more than it should.")
    await victim.logsInAtClient('The victim logs in.')
    const account = await attacker.readsProfileWith(
      stage.lastTokens.access_token,
      'The attacker shows the token to the server, with a program of their own.',
    )

    if (account !== 'victim') return blocked('The attacker has a token that opens nothing.')
    return succeeds("The attacker reads the victim's profile until the token expires.")
  },
}
