import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker logs in on the victim's login page before the victim does",
  rule: 'RFC 9700 section 4.7',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'Anyone who reads the address of the login page can log in there. The later defenses check the response, and this response is valid. So keep that address private during a login: no Referer header, no log, no view of the screen. RFC 9700 section 4.2 covers one way it leaks.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "Their own account, user1, a way to make the victim open a link, and a view of the address of the victim's login page.",
    )
    const loginPage = await victim.startsLogin(
      'The victim starts a login, and the attacker reads the address of the login page.',
    )
    const trap = await attacker.logsIn(
      "The attacker opens that same address and logs in with their own account. The server's response belongs to the victim's request.",
      loginPage,
    )
    const page = await victim.isSentTo(
      trap,
      'The attacker makes the victim open the response. It is the one the client is waiting for.',
    )

    return ending(stage.accountOn(page) === 'attacker', {
      succeeds: "The victim's browser is now in the attacker's account.",
      blocked: 'The attacker gets nothing. The client rejects the response.',
    })
  },
}
