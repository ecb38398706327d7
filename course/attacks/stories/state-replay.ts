import { parameterOf, withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker reuses an old login response with their own code in it',
  rule: 'RFC 9700 sections 4.2.4 and 4.7.1',
  expected: { 1: 'succeeds', 2: 'blocked' },
  checks: [
    {
      file: 'client/routes/callback.ts',
      line: 'delete request.session.pendingLogin',
      without: '',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "Their own account, user1, a way to make the victim open a link, and a look at the victim's browser history.",
    )
    const callback = await victim.logsInAtClient('The victim logs in, as they do every day.')
    stage.outside(
      'attacker',
      "victim's browser",
      'The attacker finds the redirect with the code in the history. The code is already used, but the rest of the address was once valid for this browser.',
    )
    const own = await attacker.logsIn(
      'The attacker logs in with their own account and keeps the unused code.',
    )
    const page = await victim.isSentTo(
      withParameters(callback, { code: parameterOf(own, 'code') }),
      "The attacker makes the victim open the old address, with the attacker's code in it.",
    )

    return ending(stage.accountOn(page) === 'attacker', {
      succeeds: "The victim's browser is now in the attacker's account.",
      blocked:
        'The attacker gets nothing. The state in that address was valid, but a state works only once.',
    })
  },
}
