import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker uses a stolen refresh token, once after its owner and once before',
  rule: 'RFC 9700 section 4.14.2, RFC 6749 section 10.4',
  expected: { 1: 'nothing', 5: 'blocked' },
  needs: { feature: 'refreshTokens', otherwise: 'This version has no such tokens.' },
  checks: [
    {
      file: 'server/grants/refresh-token.ts',
      line: 'if (!sameSecret(refresh_token, family.id + family.secret)) {',
      without: 'if (false) {',
    },
  ],
  movesClock: true,

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "A copy of the client's memory and settings: the victim's refresh token, and the client's id and secret. In this run the clock jumps six minutes ahead, twice.",
    )
    await victim.logsInAtClient('The victim logs in. The attacker copies the refresh token.')
    const copied = stage.lastTokens.refresh_token
    stage.passMinutes(6)
    await victim.seesProfileOf(
      'Six minutes later the access token has expired, and the victim opens their profile. The client is the first to use the refresh token.',
    )
    const late = await attacker.refreshes(
      copied,
      'The attacker sends the copy. It is already used.',
    )
    await victim.seesProfileOf(
      `The victim opens the profile again. The server saw the same refresh token twice and revoked all tokens of this login.${
        stage.knows.signedTokens ? " The API doesn't know that until the access token expires." : ''
      }`,
    )

    await victim.logsInAtClient('The victim logs in again. The attacker copies the new token.')
    const early = await attacker.refreshes(
      stage.lastTokens.refresh_token,
      'This time the attacker is first.',
    )
    await attacker.readsProfileWith(early.access_token, 'For now they can read the profile.')
    stage.passMinutes(6)
    await victim.seesProfileOf(
      'Six minutes later the victim opens the profile. The client sends its refresh token, and the server sees that token for the second time.',
    )
    const last = await attacker.refreshes(
      early.refresh_token,
      'The attacker tries to refresh again.',
    )

    return ending(
      [late, last].some(({ access_token }) => access_token !== undefined),
      {
        succeeds: "The attacker has tokens for the victim's account and can refresh them.",
        blocked:
          'The attacker no longer has anything. A refresh token works once, so its second use reveals the theft. The server revokes all tokens of that login, and the victim has to log in again. Until then, the attacker could read the profile.',
      },
    )
  },
}
