import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A neighboring site plants the attacker's session cookie in the victim's browser",
  rule: 'RFC 6265 section 8.6',
  expected: { 1: 'nothing', 4: 'succeeds' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody ever logs in to this client, so a planted session is empty.',
  },
  checks: [],
  remedy:
    'Serve the client over https, on its own host. Its cookie then gets the prefix __Host-, and browsers stop other hosts from setting a cookie with that name (RFC 6265bis section 4.1.3). The lab runs over http.',

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      'Their own account, user1, and a site on another port of localhost or on a neighboring subdomain. Cookies ignore ports, so that site can set one that the client reads.',
    )
    await attacker.logsInAtClient('The attacker logs in with their own account.')
    await victim.copiesCookieOf(attacker)
    stage.outside(
      'attacker',
      "victim's browser",
      "A page of that site sets the attacker's session cookie in the victim's browser.",
    )
    const account = await victim.seesProfileOf('The victim opens the profile page.')

    return ending(account === 'attacker', {
      succeeds:
        "The victim is in the attacker's account and doesn't notice. The attacker can read everything the victim enters there.",
      blocked: "The victim's browser isn't logged in to the attacker's account.",
    })
  },
}
