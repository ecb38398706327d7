import { type Attack, blocked, succeeds } from '../attack.ts'

export const refreshTokenOfAnotherClient: Attack = {
  slug: 'refresh-token-of-another-client',
  title: 'A stolen refresh token is used by somebody who is not the client it was made for',
  rule: 'RFC 6749 sections 6 and 10.4, RFC 9700 section 4.14.1',
  expected: { 1: 'nothing', 5: 'blocked' },
  needs: { feature: 'refreshTokens', otherwise: 'There is no such token in this version.' },
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
    stage.begin(
      "The victim's refresh token, and a client of their own that is registered with this server, other-client.",
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const form = {
      grant_type: 'refresh_token',
      refresh_token: String(stage.lastTokens.refresh_token),
    }
    const answers = [
      await attacker.asksForToken(
        form,
        { id: 'other-client' },
        'The attacker offers it as other-client, with the right secret of other-client.',
      ),
      await attacker.asksForToken({ ...form, client_id: lab.config.clientId }, undefined, {
        meaning: 'They give the name of the client that it was made for, and no secret.',
        show: ['client_id'],
      }),
    ]
    const account = await victim.seesProfileOf('The victim, meanwhile, opens their profile.')

    if (answers.some(({ access_token }) => stage.accountOf(access_token) === 'victim')) {
      return succeeds("The attacker has tokens for the victim's account, and can renew them.")
    }
    return blocked(
      account === 'victim'
        ? 'The attacker has nothing, and the victim notices nothing: what others try with the token does not end it.'
        : 'The attacker has nothing, but the victim is asked to log in again.',
    )
  },
}
