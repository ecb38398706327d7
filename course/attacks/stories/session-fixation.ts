import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker plants their session in the victim's browser, and the victim logs in to it",
  rule: 'RFC 6265 section 8.4',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody ever logs in to this client, so a planted session is useless.',
  },
  checks: [
    {
      file: 'client/routes/callback.ts',
      line: 'await request.session.regenerate()',
      without: '',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "A minute at the victim's computer, or a page on another port of localhost. Either way they can plant a cookie.",
    )
    await attacker.startsLogin(
      'The attacker starts a login just to get a session. The client sets a cookie.',
    )
    await victim.copiesCookieOf(attacker)
    stage.outside(
      'attacker',
      "victim's browser",
      "The attacker plants a copy of that cookie in the victim's browser. Both browsers now share one session.",
    )
    const callback = await victim.logsIn(
      'The victim starts a login in that session and types the password.',
    )
    await victim.goesTo(callback, 'The browser delivers the code.')
    const account = await attacker.seesProfileOf(
      'The attacker opens the profile page with the cookie from before the login.',
    )

    return ending(account === 'victim', {
      succeeds: "The attacker's browser is logged in as the victim.",
      blocked:
        'The attacker has a cookie that no longer works. At the login the client gave the victim a new session with a new id.',
    })
  },
}
