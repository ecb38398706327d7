import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The victim logs in through the attacker's link, and the attacker intercepts the code",
  rule: 'RFC 9700 section 4.5.4',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'Nothing ties the login page to the browser that started the login. RFC 9700 section 4.5.4 describes this limit of the defenses against stolen codes. All that is left is to keep others from reading the code: see sections 4.1 to 4.4.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "A way to make the victim open a link, and a program on the victim's computer that reads every address the browser is redirected to.",
    )
    const own = await attacker.startsLogin(
      'The attacker starts a login and keeps the address of the login page.',
    )
    stage.outside('attacker', 'victim', 'The attacker makes the victim open that login page.')
    const callback = await victim.logsIn(
      'This is the real login page on the real server, so the victim logs in. The program copies the address with the code.',
      own,
    )
    const page = await attacker.bringsCode(
      callback,
      own,
      "The attacker takes the victim's code to the client, in the browser that started this login. Everything matches.",
    )

    return ending(stage.accountOn(page) === 'victim', {
      succeeds: stage.knows.profile
        ? "The attacker's browser is logged in as the victim."
        : "The attacker's browser shows an access token for the victim's account.",
      blocked: "The attacker gets nothing. This code doesn't match the attacker's login.",
    })
  },
}
