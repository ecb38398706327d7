import { type Attack, blocked, succeeds } from '../attack.ts'

export const loginCsrf: Attack = {
  slug: 'login-csrf',
  title: "The victim is led into the attacker's account",
  rule: 'RFC 6749 section 10.12, RFC 9700 section 4.7',
  expected: { 1: 'succeeds', 2: 'blocked' },
  checks: [
    {
      file: 'client/routes/callback.ts',
      line: 'if (!state || !pendingLogin || !sameSecret(state, pendingLogin.state)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin(
      'An account of their own at the server, user1, and a way to make the victim open a link.',
    )
    const loginPage = await attacker.beginsLogin('The attacker begins a login, like anybody else.')
    const trap = await attacker.logsIn(
      loginPage,
      'They log in with their own account, and stop the browser there: the address that it is sent to holds a fresh code for their account.',
    )
    stage.outside(
      'attacker',
      'victim',
      'The attacker sends the victim that address as a link, or hides it in a page.',
    )
    const page = await victim.isSentTo(trap, 'The victim opens it, without having begun a login.')

    if (stage.accountOn(page) !== 'attacker') {
      return blocked('The attacker has nothing. The victim sees a refusal, and no account.')
    }
    return succeeds(
      "The victim's browser now works for the attacker's account. What the victim writes or uploads there, the attacker can read.",
    )
  },
}
