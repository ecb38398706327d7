import { CODE_VERIFIER } from '@oauth-lab/shared/testing/lab.ts'
import { parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const codeOfAnotherClient: Attack = {
  slug: 'code-of-another-client',
  title: 'Another registered client redeems a stolen code with its own secret',
  rule: 'RFC 6749 sections 4.1.3 and 10.5',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/grants/authorization-code.ts',
      line: 'if (issuedCode === undefined || issuedCode.grant.client_id !== client.client_id) {',
      without: 'if (issuedCode === undefined) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "Their own client, other-client, registered with this server. Also a program on the victim's computer that reads every address the browser is redirected to.",
    )
    const callback = await victim.logsIn(
      await victim.startsLogin(),
      'The victim logs in. The program copies the address with the code and stops the browser.',
    )
    const { access_token } = await attacker.asksForToken(
      {
        grant_type: 'authorization_code',
        code: parameterOf(callback, 'code') ?? '',
        redirect_uri: lab.redirectUri,
        ...(stage.knows.pkce && { code_verifier: CODE_VERIFIER }),
      },
      { id: 'other-client' },
      "The attacker sends the code as other-client, with other-client's correct secret.",
    )

    if (stage.accountOf(access_token) !== 'victim') {
      return blocked(
        'The attacker gets nothing. The server remembers which client each code was issued to and accepts it only from that client.',
      )
    }
    return succeeds("The attacker has an access token for the victim's account.")
  },
}
