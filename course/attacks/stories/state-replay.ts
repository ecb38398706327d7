import { parameterOf, withParameters } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const stateReplay: Attack = {
  slug: 'state-replay',
  title: "An answer that was used already is used again, with the attacker's code in it",
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
    stage.begin(
      "An account of their own, user1, a way to make the victim open a link, and a look into the history of the victim's browser.",
    )
    const callback = await victim.logsInAtClient('The victim logs in, as they do every day.')
    stage.outside(
      'attacker',
      "victim's browser",
      'In the history the attacker finds the address that brought the code. The code is used and worth nothing now, but the rest of the address once was right for this browser.',
    )
    const own = await attacker.logsIn(
      await attacker.beginsLogin(),
      'The attacker logs in with their own account and keeps the fresh code.',
    )
    const page = await victim.isSentTo(
      withParameters(callback, { code: parameterOf(own, 'code') }),
      "The victim is made to open the old address with the attacker's code put into it.",
    )

    if (stage.accountOn(page) !== 'attacker') {
      return blocked(
        'The attacker has nothing. The state in that address was right once, and once is how often it works.',
      )
    }
    return succeeds("The victim's browser now works for the attacker's account.")
  },
}
