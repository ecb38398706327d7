import { CODE_CHALLENGE } from '@oauth-lab/shared/testing/lab.ts'
import { withParameters } from '../address-parameters.ts'
import { type AttackFile, blocked, succeeds } from '../attack.ts'

const GUESSES = ['secret', 'changeme', 'client', 'lab', 'lab-secret', 'lab-client']

export const attack: AttackFile = {
  title: "The attacker guesses the client's secret at the token endpoint",
  rule: 'RFC 6749 sections 2.3.1 and 10.10',
  expected: { 1: 'succeeds' },
  checks: [],
  remedy:
    'RFC 6749 section 2.3.1 requires the server to protect the token endpoint against guessing. Limit the tries per minute, and make secrets random values, not words.',

  async play(stage) {
    const { attacker, lab } = stage
    stage.attackerHas('Their own account, user1, and some ideas of what people choose as a secret.')
    const ownChallenge = stage.knows.pkce ? { code_challenge: CODE_CHALLENGE } : {}
    const callback = await attacker.logsIn(
      'The attacker logs in with their own account and keeps the code.',
      withParameters(await attacker.startsLogin(), ownChallenge),
    )
    const endings = ['', '-secret', '123', '-123']
    const list = GUESSES.flatMap((word) => endings.map((ending) => word + ending))

    for (const [rejected, secret] of list.entries()) {
      const client = { id: lab.config.clientId, secret }
      const { access_token } = await attacker.redeems(callback, client, undefined)
      if (access_token === undefined) continue
      stage.tell({
        actor: 'attacker',
        from: "attacker's program",
        to: 'server',
        channel: 'back',
        meaning: `They send the code with one secret after another without a pause. The server rejects ${rejected} of them. For ${secret} it issues an access token.`,
      })
      return succeeds(
        "The server can't tell the attacker's program from the client. The attacker can send every request that only the client may send.",
      )
    }
    return blocked(`The attacker gets nothing after ${list.length} tries.`)
  },
}
