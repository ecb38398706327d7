import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker takes a used code to the client to log the victim out',
  rule: 'RFC 6749 section 4.1.2, RFC 9700 section 4.5.3',
  expected: { 1: 'nothing', 5: 'blocked' },
  needs: {
    feature: 'refreshTokens',
    otherwise: 'In this version a used code ends nothing. The server just rejects it.',
  },
  checks: [
    {
      file: 'server/grants/authorization-code.ts',
      line: 'if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas("The victim's used code, from a log or the victim's browser history.")
    const callback = await victim.logsInAtClient('The victim logs in. The client redeems the code.')
    const own = await attacker.startsLogin('The attacker starts their own login.')
    await attacker.bringsCode(
      callback,
      own,
      "The attacker opens the client's redirect URI with the used code and their own state. The client sends the code to the server, with the verifier of the attacker's login.",
    )
    const account = await victim.seesProfileOf('The victim opens their profile.')

    return ending(account !== 'victim', {
      succeeds: 'The victim is logged out. The attacker can do it again after every login.',
      blocked:
        "The attacker gets nothing, and the victim is still logged in. A used code ends a login only if the redirect URI and verifier in the token request are right too. The attacker doesn't have the verifier.",
    })
  },
}
