import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker uses a stolen refresh token after the victim logs out',
  rule: 'RFC 7009 section 2.1, RFC 9700 section 4.14.2',
  expected: { 1: 'nothing', 5: 'succeeds', 9: 'blocked' },
  needs: { feature: 'refreshTokens', otherwise: 'This version has no such tokens.' },
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

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "A copy of the client's memory and settings: the victim's refresh token, and the client's id and secret.",
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const { refresh_token } = stage.lastTokens
    await victim.logsOut('The victim logs out. The client forgets the tokens.')
    const { access_token } = await attacker.refreshes(
      refresh_token,
      'The attacker sends the refresh token.',
    )
    const account = await attacker.readsProfileWith(access_token, 'They use the new access token.')

    return ending(account === 'victim', {
      succeeds:
        "The attacker reads the victim's profile and can refresh until 30 days after the login. Nobody notices.",
      blocked:
        'The attacker has a refresh token that no longer works. At the logout, the client asked the server to revoke it. It would be the same if the attacker had refreshed before: the server ends the whole login.',
    })
  },
}
