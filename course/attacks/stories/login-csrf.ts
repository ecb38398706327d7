import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The victim ends up in the attacker's account",
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
    stage.attackerHas(
      'Their own account at the server, user1, and a way to make the victim open a link.',
    )
    const loginPage = await attacker.startsLogin('The attacker starts a login like anyone else.')
    const trap = await attacker.logsIn(
      'They log in with their own account and stop the browser at the redirect. The address contains an unused code for their account.',
      loginPage,
    )
    stage.outside(
      'attacker',
      'victim',
      'The attacker sends the victim that address as a link, or hides it in a page.',
    )
    const page = await victim.isSentTo(trap, 'The victim opens it without having started a login.')

    return ending(stage.accountOn(page) === 'attacker', {
      succeeds:
        "The victim's browser is now in the attacker's account. The attacker can read what the victim writes or uploads there.",
      blocked:
        'The attacker gets nothing. The client rejects the response, and the victim sees an error.',
    })
  },
}
