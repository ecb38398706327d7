import { callbackWith, parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const attackersLoginLink: Attack = {
  slug: 'attackers-login-link',
  title: "The victim logs in through a link of the attacker's, and the code is read on the way",
  rule: 'RFC 9700 section 4.5.4',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'Nothing ties the login page to the browser that began the login at the client. RFC 9700 section 4.5.4 names this limit of all the defenses of the code. What is left is to keep others from reading the address that brings it: sections 4.1 to 4.4.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin(
      "A way to make the victim open a link, and a program on the victim's computer that reads the addresses which the browser is sent to.",
    )
    const own = await attacker.beginsLogin(
      'The attacker begins a login, and keeps the address of the login page.',
    )
    stage.outside('attacker', 'victim', 'The attacker makes the victim open that login page.')
    const callback = await victim.logsIn(
      own,
      'The page is the real one, at the right server, so the victim logs in. The program copies the address with the code.',
    )
    const page = await attacker.goesTo(
      callbackWith(stage, {
        code: parameterOf(callback, 'code'),
        state: parameterOf(own, 'state'),
      }),
      "The attacker brings the victim's code to the client, in the browser that began this login: everything fits.",
    )

    if (stage.accountOn(page) !== 'victim') {
      return blocked("The attacker has nothing: this code does not fit the attacker's login.")
    }
    return succeeds(
      stage.knows.profile
        ? "The attacker's browser is logged in as the victim."
        : "The attacker's browser shows an access token that speaks for the victim.",
    )
  },
}
