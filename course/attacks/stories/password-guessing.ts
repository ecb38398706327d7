import { type Attack, blocked, succeeds } from '../attack.ts'

const COMMON = ['123456', 'password', '12345678', 'qwerty', '111111', 'letmein', 'iloveyou']

export const passwordGuessing: Attack = {
  slug: 'password-guessing',
  title: "The victim's password is guessed at the login page",
  rule: 'RFC 6749 section 10.10',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'RFC 6749 section 10.10 wants guessing made hopeless: fewer tries a minute for one account and for one address, and a second factor.',

  async play(stage) {
    const { attacker } = stage
    stage.begin("The victim's user name, and a list of passwords that people like.")
    const endings = ['', '0', '1', '123', '!']
    const list = COMMON.flatMap((word) => endings.map((ending) => word + ending))
    const loginPage = await attacker.beginsLogin('The attacker begins a login.')

    let callback: string | undefined
    let refused = -1
    while (callback === undefined && refused < list.length - 1) {
      refused += 1
      const guess = { username: 'user0', password: list[refused] ?? '' }
      const page = await attacker.triesToLogIn(loginPage, undefined, guess)
      callback = page.location
    }
    if (callback === undefined)
      return blocked(`The attacker has nothing after ${list.length} tries.`)

    stage.tell({
      actor: 'attacker',
      from: "attacker's browser",
      to: 'server',
      channel: 'front',
      meaning: `They try one password after the other, without a pause. The server refuses ${refused} of them and asks again each time. The next one, ${list[refused]}, is right.`,
    })
    const page = await attacker.goesTo(callback, 'They go on as anybody does after a login.')

    if (stage.accountOn(page) !== 'victim') return blocked('The attacker is not the victim yet.')
    return succeeds("The attacker has the victim's password, and with it the account.")
  },
}
