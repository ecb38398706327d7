import { type Attack, blocked, succeeds } from '../attack.ts'

export const cookieTossing: Attack = {
  slug: 'cookie-tossing',
  title: "A neighbor plants the attacker's own session cookie in the victim's browser",
  rule: 'RFC 6265 section 8.6',
  expected: { 1: 'nothing', 4: 'succeeds' },
  needs: {
    feature: 'profile',
    otherwise: 'The client keeps nobody logged in, so a planted session is empty.',
  },
  checks: [],
  remedy:
    'Serve the client over https. Its cookie then has the prefix __Host-, and browsers let no other host, port or path set a cookie with that name (RFC 6265bis section 4.1.3). The lab runs over http.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin(
      'An account of their own, user1, and a program on another port of localhost or on a neighboring subdomain. Cookies know no ports, so it can set one that the client reads.',
    )
    await attacker.logsInAtClient('The attacker logs in, with their own account.')
    await victim.copiesCookiesOf(attacker)
    stage.outside(
      'attacker',
      "victim's browser",
      "The neighbor's page sets the attacker's session cookie in the victim's browser.",
    )
    const account = await victim.seesProfileOf('The victim opens the profile page.')

    if (account !== 'attacker') {
      return blocked("The victim's browser is not in the attacker's account.")
    }
    return succeeds(
      "The victim works in the attacker's account without noticing. Everything the victim enters there, the attacker can read.",
    )
  },
}
