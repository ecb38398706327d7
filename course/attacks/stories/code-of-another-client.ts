import { CODE_VERIFIER } from '@oauth-lab/shared/testing/lab.ts'
import { parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const codeOfAnotherClient: Attack = {
  slug: 'code-of-another-client',
  title: 'A stolen code is redeemed by another client, one that has a secret of its own',
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
    stage.begin(
      "A client of their own that is registered with this server, other-client, and a program on the victim's computer that reads the addresses which the browser is sent to.",
    )
    const callback = await victim.logsIn(
      await victim.beginsLogin(),
      'The victim logs in. The program copies the address with the code and holds the browser up.',
    )
    const { access_token } = await attacker.asksForToken(
      {
        grant_type: 'authorization_code',
        code: parameterOf(callback, 'code') ?? '',
        redirect_uri: lab.redirectUri,
        ...(stage.knows.pkce && { code_verifier: CODE_VERIFIER }),
      },
      { id: 'other-client' },
      'The attacker offers the code as other-client, with the right secret of other-client.',
    )

    if (stage.accountOf(access_token) !== 'victim') {
      return blocked(
        'The attacker has nothing. The server remembers for which client it made a code, and takes it from that one alone.',
      )
    }
    return succeeds('The attacker has an access token that speaks for the victim.')
  },
}
