import { parameterOf, withParameters } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const codeSwap: Attack = {
  slug: 'code-swap',
  title: "In the answer to the victim's login the code is swapped for the attacker's",
  rule: 'RFC 9700 section 4.7.1',
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
      "An account of their own, user1, a way to make the victim open a link, and a program on the victim's computer that reads the addresses which the browser is sent to, and can hold it up.",
    )
    const callback = await victim.logsIn(
      await victim.beginsLogin(),
      'The victim begins a login and types the password. The program reads the address that the browser is sent to, and holds it up.',
    )
    const own = await attacker.logsIn(
      await attacker.beginsLogin(),
      'The attacker logs in with their own account and keeps the fresh code.',
    )
    const page = await victim.isSentTo(
      withParameters(callback, { code: parameterOf(own, 'code') }),
      stage.knows.state
        ? "The victim is made to open that same address, right state and all. Only the code in it is the attacker's."
        : "The victim is made to open that same address. Only the code in it is the attacker's.",
    )

    if (stage.accountOn(page) !== 'attacker') {
      return blocked(
        "The attacker has nothing. Their code was made for their own challenge, and the victim's session holds the verifier of another.",
      )
    }
    return succeeds(
      'The victim has typed the right password at the right server, and is in the account of somebody else.',
    )
  },
}
