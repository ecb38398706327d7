import { type Attack, blocked, succeeds } from '../attack.ts'

export const cookieAfterLogout: Attack = {
  slug: 'cookie-after-logout',
  title: 'A copy of the session cookie is used after the victim has logged out',
  rule: 'RFC 6265 section 8.4',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody is ever logged in at this client, so nobody logs out.',
  },
  checks: [
    {
      file: 'client/routes/logout.ts',
      line: 'await request.session.destroy()',
      without: "reply.header('set-cookie', 'session=; Max-Age=0')",
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin("A copy of the cookies in the victim's browser, taken at a shared computer.")
    await victim.logsInAtClient('The victim logs in.')
    await attacker.copiesCookiesOf(victim)
    stage.outside('attacker', "victim's browser", 'The attacker copies the session cookie.')
    await victim.logsOut('The victim logs out and goes home.')
    const account = await attacker.seesProfileOf(
      "The attacker, with the cookie in their own browser, opens the victim's profile.",
    )

    if (account !== 'victim') {
      return blocked(
        'The attacker has a cookie that opens nothing. A logout ends the session in the memory of the client, and not only in the browser of the one who pressed the button.',
      )
    }
    return succeeds(
      "The attacker's browser is logged in as the victim, who believes to be logged out.",
    )
  },
}
