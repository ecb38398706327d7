import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { parameterOf, withParameters } from '../address-parameters.ts'
import { type AttackFile, blocked, succeeds } from '../attack.ts'

const GRANT = 'server/grants/authorization-code.ts'
const REQUEST = 'server/authorization-request.ts'
const MATCH = 'if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {'

export const attack: AttackFile = {
  title: 'The attacker removes PKCE from a login, or weakens it',
  rule: 'RFC 9700 section 4.8, RFC 7636 sections 4.4.1 and 7.2',
  expected: { 1: 'nothing', 3: 'blocked' },
  needs: { feature: 'pkce', otherwise: 'A stolen code works without any tricks: see code-theft.' },
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
    stage.attackerHas(
      "Their own account, user1, and the client's id and secret. Also a program on the victim's computer that reads every address the browser is redirected to and can change it.",
    )
    const response = await victim.logsIn(
      'The victim logs in. The program reads the response and stops the browser.',
    )
    const stripped = await attacker.triesToLogIn(
      withParameters(await attacker.startsLogin(), {
        code_challenge: undefined,
        code_challenge_method: undefined,
      }),
      "First try: the attacker removes the challenge from the address of their own login page. A code issued without a challenge might work with any verifier, even the victim's.",
    )
    const code = codeIn(stripped)
    if (code !== undefined) {
      const page = await victim.isSentTo(
        withParameters(response, { code }),
        "The victim's browser continues with the attacker's code. The client sends the victim's verifier, and the server doesn't check it.",
      )
      if (stage.accountOn(page) === 'attacker') {
        return succeeds("The victim's browser is now in the attacker's account.")
      }
    }

    const loginPage = await victim.startsLogin('The victim starts another login.')
    const plain = await victim.triesToLogIn(
      withParameters(loginPage, { code_challenge_method: 'plain' }),
      {
        meaning:
          'Second try: the program changes one word in the request. With the method plain, the verifier equals the challenge, which is in the address.',
        actor: 'attacker',
        show: ['code_challenge_method'],
      },
    )
    if (codeIn(plain) !== undefined) {
      const { access_token } = await attacker.redeems(
        plain.location ?? '',
        { id: lab.config.clientId },
        'The attacker redeems the resulting code with the challenge as the verifier.',
        { code_verifier: parameterOf(loginPage, 'code_challenge') },
      )
      if (stage.accountOf(access_token) === 'victim') {
        return succeeds("The attacker has an access token for the victim's account.")
      }
    }
    return blocked(
      'The attacker gets nothing, not even a code. The server issues no code without a challenge, and none for a method other than S256.',
    )
  },
}

function codeIn({ location }: Page): string | undefined {
  return location === undefined ? undefined : parameterOf(location, 'code')
}
