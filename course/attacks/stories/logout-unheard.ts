import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The server never hears of the logout, so stolen tokens stay alive',
  rule: 'RFC 7009 section 2.2.1, RFC 6819 section 5.2.2.4',
  expected: { 1: 'nothing', 9: 'succeeds', 10: 'blocked' },
  needs: {
    feature: 'revocation',
    otherwise: 'The client tells the server of no logout, so there is nothing to keep from it.',
  },
  checks: [
    {
      file: 'server/store.ts',
      line: 'return grant.ended || grant.allowed.size === 0',
      without: 'return grant.ended',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "A copy of the client's memory and settings: the victim's refresh token, and the client's id and secret. Also a way to keep the client from reaching the server, such as a flood of requests.",
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const { refresh_token } = stage.lastTokens
    stage.outside('attacker', 'server', 'The attacker floods the server. Nobody else reaches it.')
    stage.network.isCut = true
    await victim.logsOut(
      "The victim logs out. The client's request to revoke the tokens gets no response, and the page says so.",
    )
    stage.network.isCut = false
    stage.outside('attacker', 'server', 'The attacker stops the flood.')
    if (stage.knows.accountPage) {
      await victim.disconnects({
        meaning:
          'The victim read that page. They open the account page of the server and click "Disconnect" at the client.',
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
        "The attacker reads the victim's profile and can refresh until 30 days after the login. The client has forgotten the tokens, so it never asks again. The victim knows what still works, and can only wait.",
      blocked:
        'The attacker has a refresh token that no longer works. The client told the victim what it could not end, and the victim ended it at the server.',
    })
  },
}
