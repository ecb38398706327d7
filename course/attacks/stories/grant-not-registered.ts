import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'A client gets a token in a way that it is not registered for',
  rule: 'RFC 6749 section 5.2, RFC 7591 section 2',
  expected: { 1: 'nothing', 11: 'blocked' },
  needs: {
    feature: 'clientCredentials',
    otherwise: 'All clients of this version get their tokens in the same ways.',
  },
  checks: [
    {
      file: 'server/routes/token.ts',
      line: 'if (GRANT_TYPES.includes(grant_type) && !client.grant_types.includes(grant_type)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "The client's id and secret, without a user's token. Later also a refresh token of the victim, and the id and secret of worker-client.",
    )
    const own = await attacker.posts(
      '/token',
      { grant_type: 'client_credentials', scope: 'profile email' },
      { id: lab.config.clientId },
      'The attacker asks for a token without a user, as the client that users log in to.',
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const form = {
      grant_type: 'refresh_token',
      refresh_token: String(stage.lastTokens.refresh_token),
    }
    const refreshed = await attacker.posts(
      '/token',
      form,
      { id: lab.config.workerId },
      'They send it as worker-client, which has no users and no refresh tokens.',
    )

    return ending(
      [own, refreshed].some(({ access_token }) => access_token !== undefined),
      {
        succeeds:
          'The attacker has a token that no user allowed and nobody registered. It covers names and email addresses, of no user in particular. What it opens is up to each API.',
        blocked:
          'The attacker gets nothing. The server knows how each client may get tokens: one through the login of a user, the other for itself.',
      },
    )
  },
}
