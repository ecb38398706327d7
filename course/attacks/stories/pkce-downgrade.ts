import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { parameterOf, withParameters } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

const GRANT = 'server/grants/authorization-code.ts'
const REQUEST = 'server/authorization-request.ts'
const MATCH = 'if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {'

export const pkceDowngrade: Attack = {
  slug: 'pkce-downgrade',
  title: 'PKCE is taken out of a login, or weakened',
  rule: 'RFC 9700 section 4.8, RFC 7636 sections 4.4.1 and 7.2',
  expected: { 1: 'nothing', 3: 'blocked' },
  needs: { feature: 'pkce', otherwise: 'A stolen code works as it is: see code-theft.' },
  checks: [
    {
      file: REQUEST,
      line: "const code_challenge = requiredParameter(query, 'code_challenge')",
      without: "const code_challenge = parameter(query, 'code_challenge') ?? ''",
      also: [
        {
          file: REQUEST,
          line: 'if (!isCodeChallenge(code_challenge)) {',
          without: "if (code_challenge !== '' && !isCodeChallenge(code_challenge)) {",
        },
        {
          file: REQUEST,
          line: "const code_challenge_method = requiredParameter(query, 'code_challenge_method')",
          without:
            "const code_challenge_method = parameter(query, 'code_challenge_method') ?? 'S256'",
        },
        {
          file: GRANT,
          line: MATCH,
          without: `if (issuedCode.code_challenge !== '' && ${MATCH.slice(4, -3)}) {`,
        },
      ],
    },
    {
      file: REQUEST,
      line: "if (code_challenge_method !== 'S256') {",
      without: "if (!['S256', 'plain'].includes(code_challenge_method)) {",
      also: [
        {
          file: GRANT,
          line: MATCH,
          without: `if (code_verifier !== issuedCode.code_challenge && ${MATCH.slice(4, -3)}) {`,
        },
      ],
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.begin(
      "An account of their own, user1, the client's name and secret, and a program on the victim's computer that reads the addresses which the browser is sent to, and can change them.",
    )
    const answer = await victim.logsIn(
      await victim.beginsLogin(),
      'The victim logs in. The program reads the answer and holds the browser up.',
    )
    const stripped = await attacker.triesToLogIn(
      withParameters(await attacker.beginsLogin(), {
        code_challenge: undefined,
        code_challenge_method: undefined,
      }),
      'First try. The attacker takes the challenge out of the address of their own login page. A code that was made for no challenge might pass with any verifier, even with that of the victim.',
    )
    const code = codeIn(stripped)
    if (code !== undefined) {
      const page = await victim.isSentTo(
        withParameters(answer, { code }),
        "The victim's browser goes on with the attacker's code. The client sends the victim's verifier, and nobody asks what it is for.",
      )
      if (stage.accountOn(page) === 'attacker') {
        return succeeds("The victim's browser now works for the attacker's account.")
      }
    }

    const loginPage = await victim.beginsLogin('The victim begins another login.')
    const plain = await victim.triesToLogIn(
      withParameters(loginPage, { code_challenge_method: 'plain' }),
      {
        meaning:
          'Second try. The program changes one word on the way to the server: with the method plain the verifier is the challenge itself, which stands in the address.',
        actor: 'attacker',
        show: ['code_challenge_method'],
      },
    )
    const weak = codeIn(plain)
    if (weak !== undefined) {
      const { access_token } = await attacker.asksForToken(
        {
          grant_type: 'authorization_code',
          code: weak,
          redirect_uri: lab.redirectUri,
          code_verifier: parameterOf(loginPage, 'code_challenge') ?? '',
        },
        { id: lab.config.clientId },
        'The attacker redeems the code that came of it, with the challenge as the verifier.',
      )
      if (stage.accountOf(access_token) === 'victim') {
        return succeeds('The attacker has an access token that speaks for the victim.')
      }
    }
    return blocked(
      'The attacker has nothing, not even a code: the server gives none without a challenge, and none for a method other than S256.',
    )
  },
}

function codeIn({ location }: Page): string | undefined {
  return location === undefined ? undefined : parameterOf(location, 'code')
}
