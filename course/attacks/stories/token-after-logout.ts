import { type Attack, blocked, succeeds } from '../attack.ts'

export const tokenAfterLogout: Attack = {
  slug: 'token-after-logout',
  title: 'A stolen access token is used after the victim has logged out',
  rule: 'RFC 9700 section 4.10',
  expected: { 1: 'nothing', 4: 'succeeds' },
  needs: { feature: 'profile', otherwise: 'A token opens nothing in this version.' },
  checks: [],
  remedy:
    'A logout ends the session at the client, and the server hears nothing of it. RFC 7009 describes how a client tells the server that it needs a token no more.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin("The victim's access token, from a log that keeps more than it should.")
    await victim.logsInAtClient('The victim logs in.')
    const { access_token } = stage.lastTokens
    await victim.logsOut('The victim logs out.')
    const account = await attacker.readsProfileWith(
      access_token,
      'The attacker shows the token to the server.',
    )

    if (account !== 'victim')
      return blocked('The attacker has a token that opens nothing any more.')
    return succeeds(
      "The attacker reads the victim's profile until the token expires, though the victim has logged out.",
    )
  },
}
