import { type Attack, blocked, succeeds } from '../attack.ts'

export const foreignState: Attack = {
  slug: 'foreign-state',
  title: "The answer to the attacker's login is slipped into a login of the victim's",
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
    stage.begin('An account of their own, user1, and a way to make the victim open a link.')
    const loginPage = await victim.beginsLogin(
      'The victim begins a login, and has not typed the password yet.',
    )
    const trap = await attacker.logsIn(
      await attacker.beginsLogin(),
      'The attacker has begun a login too, logs in with their own account, and stops the browser: the address that it is sent to was made for this browser alone.',
    )
    stage.outside('attacker', 'victim', 'The attacker makes the victim open that address.')
    const page = await victim.isSentTo(
      trap,
      "The victim opens it. At this moment the client expects an answer from the victim's browser, so the only question is whether it sees that this is not the one.",
    )

    if (stage.accountOn(page) === 'attacker') {
      return succeeds(
        "The victim takes this for the login that they began, but it ended in the attacker's account.",
      )
    }
    const answer = await victim.logsIn(loginPage, 'The victim goes on with their own login.')
    const ownPage = await victim.goesTo(answer, 'The browser brings the right answer.')
    return blocked(
      stage.accountOn(ownPage) === 'victim'
        ? "The attacker has nothing. Their answer carries the state of another session, and it did not even disturb the victim's own login."
        : "The attacker has nothing, but the victim's own login was disturbed.",
    )
  },
}
