import { part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const CALLBACK = 'client/routes/callback.ts'
const LOGIN = 'client/routes/login.ts'
const CODE_GRANT = 'server/grants/authorization-code.ts'
const PKCE = 'server/pkce.ts'
const CHALLENGE_FORM = '/** Whether the value has the form'
const VERIFIER_FORM = '/** RFC 7636 section 4.1 */'
const MATCH = '/** Whether the challenge was made'
const VERIFIER = '  /** RFC 7636 section 4.5 */\n  code_verifier: string\n'

export const v03: Exercise = {
  steps: [
    (draft) => {
      for (const path of ['client/pkce.ts', 'client/session.ts', 'client/routes/login.ts']) {
        draft.take(path)
      }
    },
    (draft) => {
      draft.take('client/routes/callback.ts')
      const request = part(draft.final('protocol.ts'), 'export type AccessTokenRequest', '}')
      draft.edit('protocol.ts', [request.replace(VERIFIER, ''), request])
    },
    (draft) => {
      draft.take('protocol.ts')
      draft.take('server/authorization-request.ts')
      draft.write(PKCE, `${part(draft.final(PKCE), CHALLENGE_FORM, VERIFIER_FORM).trimEnd()}\n`)
    },
    (draft) => {
      draft.write(PKCE, `${part(draft.final(PKCE), CHALLENGE_FORM, MATCH).trimEnd()}\n`)
      const comparison = part(
        draft.final(CODE_GRANT),
        '  // RFC 7636 section 4.6',
        '\n  return issue',
      )
      draft.take(
        CODE_GRANT,
        [comparison, ''],
        ['isCodeVerifier, matchesChallenge', 'isCodeVerifier'],
      )
    },
    (draft) => {
      for (const path of ['server/store.ts', 'server/routes/authorize.ts', PKCE, CODE_GRANT]) {
        draft.take(path)
      }
    },
  ],

  mistakes: [
    mistake(
      'verifier-matches',
      'the verifier itself is sent as the challenge',
      [LOGIN, 'codeChallengeOf(codeVerifier))', 'codeVerifier)'],
      [LOGIN, "import { codeChallengeOf } from '../pkce.ts'\n", ''],
    ),
    mistake('challenge', 'the challenge is in base64, not base64url', [
      'client/pkce.ts',
      "digest('base64url')",
      "digest('base64')",
    ]),
    mistake('right-verifier', 'the server computes base64, not base64url', [
      PKCE,
      "digest('base64url')",
      "digest('base64')",
    ]),
    mistake('method', 'the method is plain', [LOGIN, "'S256'", "'plain'"]),
    mistake(
      'method-required',
      'the server accepts the method plain',
      [
        'server/authorization-request.ts',
        "if (code_challenge_method !== 'S256') {",
        "if (code_challenge_method !== 'S256' && code_challenge_method !== 'plain') {",
      ],
      [
        'server/authorization-request.ts',
        '    code_challenge_method,\n',
        "    code_challenge_method: 'S256',\n",
      ],
    ),
    mistake('challenge-required', 'the server accepts a request without a challenge', [
      'server/authorization-request.ts',
      "const code_challenge = requiredParameter(query, 'code_challenge')",
      "const code_challenge = parameter(query, 'code_challenge') ?? 'x'.repeat(43)",
    ]),
    mistake(
      'verifier-of-browser',
      'the client keeps one verifier for all browsers',
      [
        LOGIN,
        'const codeVerifier = randomToken()',
        'latest = randomToken()\n    const codeVerifier = latest',
      ],
      [LOGIN, '/** Sends the browser', "export let latest = ''\n\n/** Sends the browser"],
      [CALLBACK, 'code_verifier: pendingLogin.codeVerifier', 'code_verifier: latest'],
      [
        CALLBACK,
        'import { startAgain }',
        "import { latest } from './login.ts'\nimport { startAgain }",
      ],
    ),
    mistake('verifier-secret', 'the client also sends the verifier through the browser', [
      LOGIN,
      "url.searchParams.set('code_challenge_method'",
      "url.searchParams.set('code_verifier', codeVerifier)\n    url.searchParams.set('code_challenge_method'",
    ]),
    mistake('verifier-sent', "the client doesn't send the verifier with the code", [
      CALLBACK,
      'pendingLogin.codeVerifier',
      "''",
    ]),
    mistake(
      'state-still',
      'the client no longer compares the state',
      [CALLBACK, '!sameSecret(state, pendingLogin.state)', '!pendingLogin.codeVerifier'],
      [CALLBACK, "import { sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
    ),
    mistake('wrong-verifier', 'the server accepts the challenge itself as the verifier', [
      PKCE,
      'return sameSecret(computed, codeChallenge)',
      'return sameSecret(computed, codeChallenge) || sameSecret(codeVerifier, codeChallenge)',
    ]),
    mistake(
      'verifier-required',
      'the server accepts a code without a verifier',
      [CODE_GRANT, "requiredParameter(form, 'code_verifier')", "parameter(form, 'code_verifier')"],
      [
        CODE_GRANT,
        'if (!isCodeVerifier(code_verifier)) {',
        'if (code_verifier !== undefined && !isCodeVerifier(code_verifier)) {',
      ],
      [
        CODE_GRANT,
        'if (!matchesChallenge(',
        'if (code_verifier !== undefined && !matchesChallenge(',
      ],
      [
        CODE_GRANT,
        'type Parameters, requiredParameter',
        'type Parameters, parameter, requiredParameter',
      ],
    ),
    mistake('verifier-form', 'the server accepts a verifier of any length', [
      PKCE,
      '{43,128}',
      '+',
    ]),
    mistake(
      'wrong-verifier-uses-code',
      'the server compares the verifier before it deletes the code',
      [CODE_GRANT, '  store.codes.delete(code)\n', ''],
      [
        CODE_GRANT,
        '  return issueAccessToken(store, { grant: issuedCode.grant })',
        '  store.codes.delete(code)\n  return issueAccessToken(store, { grant: issuedCode.grant })',
      ],
    ),
    mistake(
      'verifier-missing-keeps-code',
      'the server deletes the code before it looks for the verifier',
      [
        CODE_GRANT,
        "  const code_verifier = requiredParameter(form, 'code_verifier')\n",
        "  const found = store.codes.get(code)\n  if (!form.code_verifier) store.codes.delete(code)\n  const code_verifier = requiredParameter(form, 'code_verifier')\n",
      ],
      [CODE_GRANT, 'const issuedCode = store.codes.get(code)', 'const issuedCode = found'],
    ),
    mistake('state-still', 'the token request has no content type', [
      'client/token-request.ts',
      "      'content-type': 'application/x-www-form-urlencoded',\n",
      '',
    ]),
    mistake('right-verifier', 'the server rejects a verifier with a dot or a tilde', [
      PKCE,
      '[\\w.~-]{43,128}',
      '[\\w-]{43,128}',
    ]),
    mistake('right-verifier', 'the server rejects a verifier of 128 characters', [
      PKCE,
      '{43,128}',
      '{43,127}',
    ]),
    mistake('right-verifier', 'the server rejects a challenge with an underscore', [
      PKCE,
      '[\\w-]{43}$',
      '[a-zA-Z0-9-]{43}$',
    ]),
  ],
}
