import { CODE_VERIFIER } from '@oauth-lab/shared/testing/lab.ts'
import { parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const codeTheft: Attack = {
  slug: 'code-theft',
  title: "A code stolen on the way is redeemed with the client's own name and secret",
  rule: 'RFC 7636 sections 1 and 4.6, RFC 9700 section 4.5.3.1',
  expected: { 1: 'succeeds', 3: 'blocked' },
  checks: [
    {
      file: 'server/grants/authorization-code.ts',
      line: 'if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.begin(
      "A program on the victim's computer that reads the addresses which the browser is sent to, and the client's name and secret, from a copy of its settings.",
    )
    const callback = await victim.logsIn(
      await victim.beginsLogin(),
      'The victim logs in. The program copies the address with the code and holds the browser up.',
    )
    const request = {
      grant_type: 'authorization_code',
      code: parameterOf(callback, 'code') ?? '',
      redirect_uri: lab.redirectUri,
    }
    const answers = [
      await attacker.asksForToken(
        request,
        { id: lab.config.clientId },
        'The attacker goes straight to the token endpoint, as if they were the client.',
      ),
    ]
    if (stage.knows.pkce) {
      answers.push(
        await attacker.asksForToken(
          { ...request, code_verifier: CODE_VERIFIER },
          { id: lab.config.clientId },
          'A verifier is missing, so they make one up.',
        ),
      )
    }

    if (!answers.some(({ access_token }) => stage.accountOf(access_token) === 'victim')) {
      return blocked(
        "The attacker has nothing. The verifier never left the victim's session at the client, and the challenge, which everybody may see, does not give it away.",
      )
    }
    return succeeds('The attacker has an access token that speaks for the victim.')
  },
}
