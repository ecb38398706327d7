import { credentials } from '@oauth-lab/shared/testing/driver.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The next person at a shared computer needs no password',
  rule: 'RFC 6265 section 8.2',
  expected: { 1: 'nothing', 7: 'succeeds' },
  needs: {
    feature: 'serverSession',
    otherwise: 'The server asks for the password at each login, no matter who is at the computer.',
  },
  checks: [],
  remedy:
    'The session at the server outlives the logout at the client, because other clients may use it, too. On a shared computer you have to log out at the server as well: "Not you?" on the consent page does that, as long as the server shows you one, and from v10 so does "Log out" on its account page. OpenID Connect RP-Initiated Logout 1.0 lets a client send the user there at its own logout.',

  async play(stage) {
    const { victim } = stage
    stage.attackerHas('A seat at a computer in a library. The victim just left it.')
    await victim.logsInAtClient('The victim logs in.')
    await victim.logsOut('The victim logs out of the client and goes home.')
    const loginPage = await victim.startsLogin({
      meaning: 'The attacker sits down at the same browser and clicks "Log in".',
      actor: 'attacker',
    })
    const { location = loginPage } = await victim.triesToLogIn(
      loginPage,
      {
        meaning: 'The server remembers who logged in, and asks for no password.',
        actor: 'attacker',
      },
      credentials('user1'),
    )
    const page = await victim.goesTo(location, {
      meaning: 'The browser delivers the code.',
      actor: 'attacker',
    })

    return ending(stage.accountOn(page) === 'victim', {
      succeeds: "The attacker is in the victim's account, at this client and every other one.",
      blocked: 'The attacker is asked for a password, and knows only their own.',
    })
  },
}
