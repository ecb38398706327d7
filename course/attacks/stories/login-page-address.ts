import { type Attack, blocked, succeeds } from '../attack.ts'

export const loginPageAddress: Attack = {
  slug: 'login-page-address',
  title: "The attacker logs in at the address of the victim's login page, before the victim does",
  rule: 'RFC 9700 section 4.7',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'Whoever reads the address of the login page can answer what it asks. The later defenses look at the answer, and this answer is right. So nothing may give that address away while a login lasts: no referrer, no log, no look at the screen. RFC 9700 section 4.2 is about one way it leaks.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin(
      "An account of their own, user1, a way to make the victim open a link, and a look at the address of the victim's login page.",
    )
    const loginPage = await victim.beginsLogin(
      'The victim begins a login, and the attacker reads the address of the login page.',
    )
    const trap = await attacker.logsIn(
      loginPage,
      'The attacker opens that same address and logs in there, with their own account. The server answers the question that the victim asked.',
    )
    const page = await victim.isSentTo(
      trap,
      'The victim is made to open the answer. The client has waited for just this one.',
    )

    if (stage.accountOn(page) !== 'attacker') {
      return blocked('The attacker has nothing: the client does not take the answer.')
    }
    return succeeds("The victim's browser now works for the attacker's account.")
  },
}
