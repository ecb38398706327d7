import { type Attack, blocked, succeeds } from '../attack.ts'

export const sessionFixation: Attack = {
  slug: 'session-fixation',
  title: "A session of the attacker's is planted in the victim's browser, and logged in there",
  rule: 'RFC 6265 section 8.4',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody is ever logged in at this client, so a planted session brings nothing.',
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
    stage.begin(
      "A minute at the victim's computer, or a page on another port of localhost: both can plant a cookie.",
    )
    await attacker.beginsLogin(
      'The attacker begins a login, only to get a session. The client answers with a cookie.',
    )
    await victim.copiesCookiesOf(attacker)
    stage.outside(
      'attacker',
      "victim's browser",
      "The attacker plants a copy of that cookie in the victim's browser. Both browsers are now in one session.",
    )
    const callback = await victim.logsIn(
      await victim.beginsLogin(),
      'The victim begins a login in that session, and logs in.',
    )
    await victim.goesTo(callback, 'The browser brings the code.')
    const account = await attacker.seesProfileOf(
      'The attacker opens the profile page with the cookie from before the login.',
    )

    if (account !== 'victim') {
      return blocked(
        'The attacker has a cookie that opens nothing. With the login the client gave the victim a new session, with an id that nobody knew before.',
      )
    }
    return succeeds("The attacker's browser is logged in as the victim.")
  },
}
