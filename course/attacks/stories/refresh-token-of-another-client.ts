import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'Someone uses a refresh token that belongs to another client',
  rule: 'RFC 6749 sections 6 and 10.4, RFC 9700 section 4.14.1',
  expected: { 1: 'nothing', 5: 'blocked' },
  needs: { feature: 'refreshTokens', otherwise: 'This version has no such tokens.' },
  checks: [
    {
      file: 'server/grants/refresh-token.ts',
      line: 'if (family === undefined || family.grant.client_id !== client.client_id) {',
      without: 'if (family === undefined) {',
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
      "The victim's refresh token, and their own client, other-client, registered with this server.",
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const form = {
      grant_type: 'refresh_token',
      refresh_token: String(stage.lastTokens.refresh_token),
    }
    const responses = [
      await attacker.posts(
        '/token',
        form,
        { id: 'other-client' },
        "The attacker sends it as other-client, with other-client's correct secret.",
      ),
      await attacker.posts('/token', { ...form, client_id: lab.config.clientId }, undefined, {
        meaning: 'They send the id of the right client, but no secret.',
        show: ['client_id'],
      }),
    ]
    const account = await victim.seesProfileOf('The victim opens their profile.')

    return ending(
      responses.some(({ access_token }) => stage.accountOf(access_token) === 'victim'),
      {
        succeeds: "The attacker has tokens for the victim's account and can refresh them.",
        blocked:
          account === 'victim'
            ? "The attacker gets nothing, and the victim notices nothing. Attempts by other clients don't revoke the token."
            : 'The attacker gets nothing, but the victim has to log in again.',
      },
    )
  },
}
