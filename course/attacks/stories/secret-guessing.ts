import { CODE_VERIFIER } from '@oauth-lab/shared/testing/lab.ts'
import { parameterOf, withOwnChallenge } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

const GUESSES = ['secret', 'changeme', 'client', 'lab', 'lab-secret', 'lab-client']

export const secretGuessing: Attack = {
  slug: 'secret-guessing',
  title: "The attacker guesses the client's secret at the token endpoint",
  rule: 'RFC 6749 sections 2.3.1 and 10.10',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'RFC 6749 section 2.3.1 requires the server to protect the token endpoint against guessing. Limit the tries per minute, and make secrets random values, not words.',

  async play(stage) {
    const { attacker, lab } = stage
    stage.attackerHas('Their own account, user1, and some ideas of what people choose as a secret.')
    const { clientId } = lab.config
    const loginPage = withOwnChallenge(await attacker.startsLogin())
    const callback = await attacker.logsIn(
      loginPage,
      'The attacker logs in with their own account and keeps the code.',
    )
    const request = {
      grant_type: 'authorization_code',
      code: parameterOf(callback, 'code') ?? '',
      redirect_uri: lab.redirectUri,
      ...(stage.knows.pkce && { code_verifier: CODE_VERIFIER }),
    }
    const endings = ['', '-secret', '123', '-123']
    const list = GUESSES.flatMap((word) => endings.map((ending) => word + ending))

    let access_token: unknown
    let rejected = -1
    while (access_token === undefined && rejected < list.length - 1) {
      rejected += 1
      const guess = { id: clientId, secret: list[rejected] ?? '' }
      const response = await attacker.asksForToken(request, guess, undefined)
      access_token = response.access_token
    }
    if (stage.accountOf(access_token) === undefined) {
      return blocked(`The attacker gets nothing after ${list.length} tries.`)
    }

    stage.tell({
      actor: 'attacker',
      from: "attacker's program",
      to: 'server',
      channel: 'back',
      meaning: `They send the code with one secret after another without a pause. The server rejects ${rejected} of them. For ${list[rejected]} it issues an access token.`,
    })
    return succeeds(
      "The server can't tell the attacker's program from the client. The attacker can send every request that only the client may send.",
    )
  },
}
