import { callbackWith, parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const codeInjection: Attack = {
  slug: 'code-injection',
  title: "A code stolen from the victim is put into the attacker's own login",
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
    stage.begin(
      "A program on the victim's computer that reads the addresses which the browser is sent to, and can hold it up. No secret of the client's.",
    )
    const callback = await victim.logsIn(
      await victim.beginsLogin(),
      'The victim logs in. The program copies the address with the code, and the browser never gets there: the code is still good.',
    )
    const own = await attacker.beginsLogin('The attacker begins a login in their own browser.')
    const page = await attacker.goesTo(
      callbackWith(stage, {
        code: parameterOf(callback, 'code'),
        state: parameterOf(own, 'state'),
      }),
      stage.knows.state
        ? "They don't log in. They go straight to the callback, with the state of their own login and the victim's code, and leave it to the client to prove who it is."
        : "They don't log in. They go straight to the callback with the victim's code, and leave it to the client to prove who it is.",
    )

    if (stage.accountOn(page) !== 'victim') {
      return blocked(
        "The attacker has nothing. The client sent the verifier of the attacker's login, and the code was made for the challenge of the victim's.",
      )
    }
    return succeeds(
      stage.knows.profile
        ? "The attacker's browser is logged in as the victim."
        : "The attacker's browser shows an access token that speaks for the victim.",
    )
  },
}
