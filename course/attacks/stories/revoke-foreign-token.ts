import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "Another client revokes the victim's tokens",
  rule: 'RFC 7009 section 2.1',
  expected: { 1: 'nothing', 9: 'blocked' },
  needs: { feature: 'revocation', otherwise: 'No client can revoke a token in this version.' },
  checks: [
    {
      file: 'server/routes/revoke.ts',
      line: 'if (grant.client_id !== client.client_id) {',
      without: 'if (false) {',
    },
    {
      file: 'server/client-auth.ts',
      line: 'if (client === undefined || !right) {',
      without: 'if (client === undefined) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "The victim's refresh token, and their own client, other-client, registered with this server. They can't use the token. They want to log the victim out with it.",
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const token = String(stage.lastTokens.refresh_token)
    await attacker.posts(
      '/revoke',
      { token },
      { id: 'other-client' },
      "The attacker asks the server to revoke it as other-client, with other-client's correct secret.",
    )
    await attacker.posts('/revoke', { token, client_id: lab.config.clientId }, undefined, {
      meaning: 'They send the id of the right client, but no secret.',
      show: ['client_id'],
    })
    const account = await victim.seesProfileOf('The victim opens their profile.')

    return ending(account !== 'victim', {
      succeeds:
        "The victim is logged out. A client can end the logins of every other client's users, if it finds their tokens.",
      blocked:
        "The attacker gets nothing, and the victim notices nothing. A client can revoke its own tokens only, and has to prove that it's that client.",
    })
  },
}
