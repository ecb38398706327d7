import { CODE_VERIFIER } from '@oauth-lab/shared/testing/lab.ts'
import { parameterOf, withOwnChallenge } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

const GUESSES = ['secret', 'changeme', 'client', 'lab', 'lab-secret', 'lab-client']

export const secretGuessing: Attack = {
  slug: 'secret-guessing',
  title: "The client's secret is guessed at the token endpoint",
  rule: 'RFC 6749 sections 2.3.1 and 10.10',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'RFC 6749 section 2.3.1 wants guessing at the token endpoint made hopeless: fewer tries a minute, and secrets that are random values and no words.',

  async play(stage) {
    const { attacker, lab } = stage
    stage.begin('An account of their own, user1, and some ideas how people name a secret.')
    const { clientId } = lab.config
    const loginPage = withOwnChallenge(await attacker.beginsLogin())
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
    let refused = -1
    while (access_token === undefined && refused < list.length - 1) {
      refused += 1
      const guess = { id: clientId, secret: list[refused] ?? '' }
      const answer = await attacker.asksForToken(request, guess, undefined)
      access_token = answer.access_token
    }
    if (stage.accountOf(access_token) === undefined) {
      return blocked(`The attacker has nothing after ${list.length} tries.`)
    }

    stage.tell({
      actor: 'attacker',
      from: "attacker's program",
      to: 'server',
      channel: 'back',
      meaning: `They offer the code with one secret after the other, without a pause. The server refuses ${refused} of them. With ${list[refused]} it gives out an access token.`,
    })
    return succeeds(
      "The attacker's program is the client now, as far as the server can tell. What only the client may redeem, it can.",
    )
  },
}
