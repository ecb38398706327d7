import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title:
    "The attacker plants their server session in the victim's browser before the victim logs in",
  rule: 'RFC 6265 section 8.4',
  expected: { 1: 'nothing', 7: 'blocked' },
  needs: {
    feature: 'serverSession',
    otherwise: 'The server has no sessions, so there is none to plant.',
  },
  checks: [
    {
      file: 'server/routes/authorize.ts',
      line: 'await request.session.regenerate()',
      without: '',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "Their own account, user1, and a minute at the victim's computer, or a page on another port of localhost. Either way they can plant a cookie.",
    )
    await attacker.logsIn('The attacker logs in at the server, which sets a session cookie.')
    const loginPage = await victim.opens(
      await victim.startsLogin(),
      'The victim starts a login and sees the login page.',
    )
    await victim.copiesCookieOf(attacker, lab.serverUrl)
    stage.outside(
      'attacker',
      "victim's browser",
      "The attacker plants a copy of that cookie in the victim's browser. At the server, both browsers now share one session.",
    )
    const { location = loginPage.url } = await victim.fillsIn(
      loginPage,
      'The victim types the password, and allows what the client asks for.',
    )
    await victim.goesTo(location)

    const ownPage = await attacker.startsLogin('The attacker starts a login of their own.')
    const { location: end = ownPage } = await attacker.triesToLogIn(
      ownPage,
      'They send the cookie from before, and do what the pages of the server ask for.',
    )
    const page = await attacker.goesTo(end, 'Their browser delivers the code.')

    return ending(stage.accountOn(page) === 'victim', {
      succeeds:
        "The attacker's browser is logged in as the victim, at every client of this server that they like.",
      blocked:
        'The attacker has a cookie that no longer works, and can log in only with their own password. At the login the server gave the victim a new session with a new id.',
    })
  },
}
