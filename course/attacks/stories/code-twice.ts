import { type Attack, blocked, succeeds } from '../attack.ts'

export const codeTwice: Attack = {
  slug: 'code-twice',
  title: "The client's whole request for a token is copied and sent a second time",
  rule: 'RFC 6749 sections 4.1.2 and 10.5, RFC 9700 section 4.3.1',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/grants/authorization-code.ts',
      line: 'store.codes.delete(code)',
      without: '',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin(
      "A copy of the message with which the client redeemed the victim's code, from a log that keeps more than it should.",
    )
    await victim.logsInAtClient('The victim logs in, and the client redeems the code.')
    const { form, requestHeaders } = stage.lastTokenRequest
    const { access_token } = await attacker.resends(
      form,
      { authorization: requestHeaders.authorization?.toString() },
      'The attacker sends the very same message. Everything in it is right.',
    )

    if (stage.accountOf(access_token) === 'victim') {
      return succeeds('The attacker has an access token of their own that speaks for the victim.')
    }
    const nothing = 'The attacker has nothing. A code works once, and the client was first.'
    if (!stage.knows.profile) return blocked(nothing)

    const account = await victim.seesProfileOf('The victim, meanwhile, opens their profile.')
    if (account === 'victim') return blocked(nothing)
    return blocked(
      `${nothing} And since two have used it, the server has ended the tokens it bought: the victim is asked to log in again.`,
    )
  },
}
