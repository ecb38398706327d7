import { parameterOf, withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker swaps the code in the victim's login response for their own",
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
    stage.attackerHas(
      "Their own account, user1, and a way to make the victim open a link. Also a program on the victim's computer that reads every address the browser is redirected to and can stop it there.",
    )
    const callback = await victim.logsIn(
      'The victim starts a login and types the password. The program reads the address of the redirect and stops the browser.',
    )
    const own = await attacker.logsIn(
      'The attacker logs in with their own account and keeps the unused code.',
    )
    const page = await victim.isSentTo(
      withParameters(callback, { code: parameterOf(own, 'code') }),
      stage.knows.state
        ? "The attacker makes the victim open that same address, with the correct state. Only the code in it is the attacker's."
        : "The attacker makes the victim open that same address. Only the code in it is the attacker's.",
    )

    return ending(stage.accountOn(page) === 'attacker', {
      succeeds:
        "The victim typed the right password on the right server and ended up in someone else's account.",
      blocked:
        "The attacker gets nothing. Their code belongs to their own challenge, and the victim's session holds the verifier of a different one.",
    })
  },
}
