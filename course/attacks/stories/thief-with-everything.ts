import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A thief with the refresh token and the client's secret stays, whatever the victim does",
  rule: 'RFC 6819 section 5.2.2.4',
  expected: { 1: 'nothing', 5: 'succeeds', 10: 'blocked' },
  needs: { feature: 'refreshTokens', otherwise: 'This version has no such tokens.' },
  checks: [
    {
      file: 'server/store.ts',
      line: 'return grant.ended || grant.allowed.size === 0',
      without: 'return grant.ended',
    },
    {
      file: 'server/store.ts',
      line: 'allowed.clear()',
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
    await victim.browser.jar.removeAllCookies()
    stage.outside(
      'victim',
      'victim',
      "The victim's laptop breaks, with the session in its browser. The victim buys a new one.",
    )
    await victim.logsInAtClient('The victim hears of a break-in at the client, and logs in again.')
    await victim.logsOut('The victim logs out. That ends the new login, not the one before.')
    if (stage.knows.accountPage) {
      await victim.disconnects({
        meaning:
          'The victim opens the account page of the server and clicks "Disconnect" at the client.',
        show: ['client_id'],
      })
    }
    const { access_token } = await attacker.refreshes(
      refresh_token,
      'The attacker sends the refresh token.',
    )
    const account = await attacker.readsProfileWith(access_token, 'They use the new access token.')

    return ending(account === 'victim', {
      succeeds:
        "The attacker reads the victim's profile and can refresh until 30 days after the login. The victim knows of it, and can do nothing: the login has no session left to log out of.",
      blocked: `The attacker has a refresh token that no longer works. The server remembers what the victim allowed each client, and every token stands for that. The victim took it back, so all tokens of this client for this user ended at once, wherever they are.${
        stage.knows.signedTokens ? ' Only access tokens work until they expire.' : ''
      }`,
    })
  },
}
