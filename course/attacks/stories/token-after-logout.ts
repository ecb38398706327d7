import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker uses a stolen access token after the victim logs out',
  rule: 'RFC 7009 section 2.1',
  expected: { 1: 'nothing', 4: 'succeeds', 9: 'blocked', 13: 'succeeds' },
  needs: { feature: 'profile', otherwise: 'An access token opens nothing in this version.' },
  checks: [
    {
      file: 'client/routes/logout.ts',
      line: 'await tokens?.revoke()',
      without: '',
    },
    {
      file: 'server/routes/revoke.ts',
      line: 'if (family !== undefined) grant.ended = true',
      without: '',
    },
  ],
  remedy:
    'An API that asks the server about each token, as in v12, rejects this one at once (RFC 7662). An API that checks tokens by itself hears of no logout. Short lifetimes keep the damage small: five minutes here.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas("The victim's access token, from a log that records too much.")
    await victim.logsInAtClient('The victim logs in.')
    const { access_token } = stage.lastTokens
    await victim.logsOut('The victim logs out.')
    const account = await attacker.readsProfileWith(
      access_token,
      `The attacker sends the token to the ${stage.resourceServer}.`,
    )

    return ending(account === 'victim', {
      succeeds:
        "The attacker reads the victim's profile until the token expires, even though the victim has logged out.",
      blocked:
        'The attacker has a token that no longer works. At the logout, the client asked the server to revoke its refresh token, and with it the server ended every access token of that login.',
    })
  },
}
