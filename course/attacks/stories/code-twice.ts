import { type AttackFile, blocked, succeeds } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker copies the client's token request and sends it again",
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
    stage.attackerHas(
      "A copy of the client's token request for the victim's code, from a log that records too much.",
    )
    await victim.logsInAtClient('The victim logs in, and the client redeems the code.')
    const { form, requestHeaders } = stage.lastTokenRequest
    const { access_token } = await attacker.posts(
      '/token',
      form,
      requestHeaders.authorization?.toString(),
      'The attacker sends exactly the same request. Everything in it is correct.',
    )

    if (stage.accountOf(access_token) === 'victim') {
      return succeeds("The attacker has their own access token for the victim's account.")
    }
    const nothing = 'The attacker gets nothing. A code works once, and the client was first.'
    if (!stage.knows.profile) return blocked(nothing)

    const account = await victim.seesProfileOf('The victim opens their profile.')
    const revoked = `${nothing} Because the code was used twice, the server also revokes the tokens issued for it.`
    if (stage.knows.signedTokens) {
      return blocked(`${revoked} The victim has to log in again when the access token expires.`)
    }
    if (account === 'victim') return blocked(nothing)
    return blocked(`${revoked} The victim has to log in again.`)
  },
}
