import { type AttackFile, blocked, succeeds } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker slips their own login response into the victim's login",
  rule: 'RFC 6749 section 10.12, RFC 9700 section 4.7.1',
  expected: { 1: 'succeeds', 2: 'blocked' },
  checks: [
    {
      file: 'client/routes/callback.ts',
      line: 'if (!state || !pendingLogin || !sameSecret(state, pendingLogin.state)) {',
      without: 'if (!state || !pendingLogin) {',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas('Their own account, user1, and a way to make the victim open a link.')
    const loginPage = await victim.startsLogin(
      "The victim starts a login but hasn't typed the password yet.",
    )
    const trap = await attacker.logsIn(
      "The attacker starts a login too, logs in with their own account and stops the browser at the redirect. This response is meant for the attacker's browser only.",
    )
    stage.outside('attacker', 'victim', 'The attacker makes the victim open that address.')
    const page = await victim.isSentTo(
      trap,
      'The victim opens it. The client is waiting for a response in this browser and has to notice that this is the wrong one.',
    )

    if (stage.accountOn(page) === 'attacker') {
      return succeeds(
        "The victim believes this is their own login, but it ended in the attacker's account.",
      )
    }
    const response = await victim.logsIn('The victim continues with their own login.', loginPage)
    const ownPage = await victim.goesTo(response, 'The browser delivers the right response.')
    return blocked(
      stage.accountOn(ownPage) === 'victim'
        ? "The attacker gets nothing. Their response carries the state of another session, and the victim's own login still works."
        : "The attacker gets nothing, but the victim's own login fails.",
    )
  },
}
