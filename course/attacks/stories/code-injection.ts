import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker puts the victim's stolen code into their own login",
  rule: 'RFC 9700 section 4.5, RFC 7636 section 4.6',
  expected: { 1: 'succeeds', 3: 'blocked' },
  checks: [
    {
      file: 'server/grants/authorization-code.ts',
      line: 'if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "A program on the victim's computer that reads every address the browser is redirected to and can stop it there. They don't have the client's secret.",
    )
    const callback = await victim.logsIn(
      'The victim logs in. The program copies the address with the code and stops the browser, so the code is still unused.',
    )
    const own = await attacker.startsLogin('The attacker starts a login in their own browser.')
    const page = await attacker.bringsCode(
      callback,
      own,
      stage.knows.state
        ? "They don't log in. They go straight to the callback with the state of their own login and the victim's code. The client adds its secret for them."
        : "They don't log in. They go straight to the callback with the victim's code. The client adds its secret for them.",
    )

    return ending(stage.accountOn(page) === 'victim', {
      succeeds: stage.knows.profile
        ? "The attacker's browser is logged in as the victim."
        : "The attacker's browser shows an access token for the victim's account.",
      blocked:
        "The attacker gets nothing. The client sent the verifier of the attacker's login, but the code belongs to the challenge of the victim's login.",
    })
  },
}
