import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker uses a copy of the session cookie after the victim logs out',
  rule: 'RFC 6265 section 8.4',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody ever logs in to this client, so nobody logs out.',
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
    stage.attackerHas("Access to the cookies in the victim's browser, on a shared computer.")
    await victim.logsInAtClient('The victim logs in.')
    await attacker.copiesCookieOf(victim)
    stage.outside('attacker', "victim's browser", 'The attacker copies the session cookie.')
    await victim.logsOut('The victim logs out and goes home.')
    const account = await attacker.seesProfileOf(
      'The attacker puts the cookie into their own browser and opens the profile page.',
    )

    return ending(account === 'victim', {
      succeeds:
        "The attacker's browser is logged in as the victim, who thinks the session is over.",
      blocked:
        "The attacker has a cookie that no longer works. The logout deletes the session in the client's memory, not just the cookie in the victim's browser.",
    })
  },
}
