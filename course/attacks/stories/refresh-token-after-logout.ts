import { type Attack, blocked, succeeds } from '../attack.ts'

export const refreshTokenAfterLogout: Attack = {
  slug: 'refresh-token-after-logout',
  title: 'A stolen refresh token is used after the victim has logged out',
  rule: 'RFC 9700 section 4.14.2',
  expected: { 1: 'nothing', 5: 'succeeds' },
  needs: { feature: 'refreshTokens', otherwise: 'There is no such token in this version.' },
  checks: [],
  remedy:
    'Rotation gives a theft away when the owner uses the token too. After a logout the owner never does. RFC 9700 section 4.14.2 names a logout among the events at which a server may end refresh tokens, and RFC 7009 describes how a client asks for it.',

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.begin(
      "A copy of the client's memory and of its settings: the victim's refresh token, and the name and secret of the client.",
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const { refresh_token } = stage.lastTokens
    await victim.logsOut(
      'The victim logs out. The client forgets the tokens, and the server does not.',
    )
    const { access_token } = await attacker.asksForToken(
      { grant_type: 'refresh_token', refresh_token: String(refresh_token) },
      { id: lab.config.clientId },
      'The attacker offers the refresh token.',
    )
    const account = await attacker.readsProfileWith(
      access_token,
      'They show the access token that they got for it.',
    )

    if (account !== 'victim') return blocked('The attacker has a token that buys nothing any more.')
    return succeeds(
      "The attacker reads the victim's profile, and can renew the token until the login is 30 days old. Nobody will notice.",
    )
  },
}
