import { CODE_VERIFIER } from '@oauth-lab/shared/testing/lab.ts'
import { parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const codeWithoutSecret: Attack = {
  slug: 'code-without-secret',
  title: 'A code stolen on the way is redeemed by somebody who is no client at all',
  rule: 'RFC 6749 sections 3.2.1 and 10.5',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/client-auth.ts',
      line: 'if (client === undefined || !right) {',
      without: 'if (client === undefined) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.begin(
      "A program on the victim's computer that reads the addresses which the browser is sent to. The client's secret they don't know.",
    )
    const callback = await victim.logsIn(
      await victim.beginsLogin(),
      'The victim logs in. The program copies the address with the code and holds the browser up.',
    )
    const { clientId } = lab.config
    const request = {
      grant_type: 'authorization_code',
      code: parameterOf(callback, 'code') ?? '',
      redirect_uri: lab.redirectUri,
      ...(stage.knows.pkce && { code_verifier: CODE_VERIFIER }),
    }
    const answers = [
      await attacker.asksForToken(
        request,
        undefined,
        'The attacker offers the code at the token endpoint, without saying who they are.',
      ),
      await attacker.asksForToken({ ...request, client_id: clientId }, undefined, {
        meaning: "They give the client's name, which is no secret: every login page shows it.",
        show: ['client_id'],
      }),
      await attacker.asksForToken(
        request,
        { id: clientId, secret: 'secret' },
        { meaning: 'They give the name and a guess.', show: ['client_secret'] },
      ),
    ]

    if (!answers.some(({ access_token }) => stage.accountOf(access_token) === 'victim')) {
      return blocked(
        'The attacker has a code that they can do nothing with. The code travels through the browser, where others may see it. The secret never does.',
      )
    }
    return succeeds('The attacker has an access token that speaks for the victim.')
  },
}
