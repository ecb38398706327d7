import { type AttackFile, blocked, ending } from '../attack.ts'

const COMMON = ['123456', 'password', '12345678', 'qwerty', '111111', 'letmein', 'iloveyou']

export const attack: AttackFile = {
  title: "The attacker guesses the victim's password on the login page",
  rule: 'RFC 6749 section 10.10',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'RFC 6749 section 10.10 requires the server to prevent guessing. Limit the tries per minute for each account and each IP address, and ask for a second factor.',

  async play(stage) {
    const { attacker } = stage
    stage.attackerHas("The victim's user name, and a list of popular passwords.")
    const endings = ['', '0', '1', '123', '!']
    const list = COMMON.flatMap((word) => endings.map((ending) => word + ending))
    const loginPage = await attacker.startsLogin('The attacker starts a login.')

    for (const [rejected, password] of list.entries()) {
      const guess = { username: 'user0', password }
      const { location } = await attacker.triesToLogIn(loginPage, undefined, guess)
      if (location === undefined) continue
      stage.tell({
        actor: 'attacker',
        from: "attacker's browser",
        to: 'server',
        channel: 'front',
        meaning: `They try one password after another without a pause. The server rejects ${rejected} of them and asks again each time. The next one, ${password}, is right.`,
      })
      const page = await attacker.goesTo(location, 'They continue like anyone else after a login.')
      return ending(stage.accountOn(page) === 'victim', {
        succeeds: "The attacker has the victim's password, and so the account.",
        blocked: "The attacker isn't logged in as the victim.",
      })
    }
    return blocked(`The attacker gets nothing after ${list.length} tries.`)
  },
}
