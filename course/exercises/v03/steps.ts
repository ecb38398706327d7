import { part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

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
    {
      what: 'the verifier itself is sent as the challenge',
      changes: {
        [LOGIN]: [
          ['codeChallengeOf(codeVerifier))', 'codeVerifier)'],
          ["import { codeChallengeOf } from '../pkce.ts'\n", ''],
        ],
      },
      tells: 'verifier-matches',
    },
    {
      what: 'the challenge is in base64, not base64url',
      changes: { 'client/pkce.ts': [["digest('base64url')", "digest('base64')"]] },
      tells: 'challenge',
    },
    {
      what: 'the server computes base64, not base64url',
      changes: { [PKCE]: [["digest('base64url')", "digest('base64')"]] },
      tells: 'right-verifier',
    },
    {
      what: 'the method is plain',
      changes: { [LOGIN]: [["'S256'", "'plain'"]] },
      tells: 'method',
    },
    {
      what: 'the server accepts the method plain',
      changes: {
        'server/authorization-request.ts': [
          [
            "if (code_challenge_method !== 'S256') {",
            "if (code_challenge_method !== 'S256' && code_challenge_method !== 'plain') {",
          ],
          ['    code_challenge_method,\n', "    code_challenge_method: 'S256',\n"],
        ],
      },
      tells: 'method-required',
    },
    {
      what: 'the server accepts a request without a challenge',
      changes: {
        'server/authorization-request.ts': [
          [
            "const code_challenge = requiredParameter(query, 'code_challenge')",
            "const code_challenge = parameter(query, 'code_challenge') ?? 'x'.repeat(43)",
          ],
        ],
      },
      tells: 'challenge-required',
    },
    {
      what: 'the client keeps one verifier for all browsers',
      changes: {
        [LOGIN]: [
          [
            'const codeVerifier = randomToken()',
            'latest = randomToken()\n    const codeVerifier = latest',
          ],
          ['/** Sends the browser', "export let latest = ''\n\n/** Sends the browser"],
        ],
        [CALLBACK]: [
          ['code_verifier: pendingLogin.codeVerifier', 'code_verifier: latest'],
          ['import { startAgain }', "import { latest } from './login.ts'\nimport { startAgain }"],
        ],
      },
      tells: 'verifier-of-browser',
    },
    {
      what: 'the client also sends the verifier through the browser',
      changes: {
        [LOGIN]: [
          [
            "url.searchParams.set('code_challenge_method'",
            "url.searchParams.set('code_verifier', codeVerifier)\n    url.searchParams.set('code_challenge_method'",
          ],
        ],
      },
      tells: 'verifier-secret',
    },
    {
      what: "the client doesn't send the verifier with the code",
      changes: { [CALLBACK]: [['pendingLogin.codeVerifier', "''"]] },
      tells: 'verifier-sent',
    },
    {
      what: 'the client no longer compares the state',
      changes: {
        [CALLBACK]: [
          ['!sameSecret(state, pendingLogin.state)', '!pendingLogin.codeVerifier'],
          ["import { sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
        ],
      },
      tells: 'state-still',
    },
    {
      what: 'the server accepts the challenge itself as the verifier',
      changes: {
        [PKCE]: [
          [
            'return sameSecret(computed, codeChallenge)',
            'return sameSecret(computed, codeChallenge) || sameSecret(codeVerifier, codeChallenge)',
          ],
        ],
      },
      tells: 'wrong-verifier',
    },
    {
      what: 'the server accepts a code without a verifier',
      changes: {
        [CODE_GRANT]: [
          ["requiredParameter(form, 'code_verifier')", "parameter(form, 'code_verifier')"],
          [
            'if (!isCodeVerifier(code_verifier)) {',
            'if (code_verifier !== undefined && !isCodeVerifier(code_verifier)) {',
          ],
          ['if (!matchesChallenge(', 'if (code_verifier !== undefined && !matchesChallenge('],
          ['type Parameters, requiredParameter', 'type Parameters, parameter, requiredParameter'],
        ],
      },
      tells: 'verifier-required',
    },
    {
      what: 'the server accepts a verifier of any length',
      changes: { [PKCE]: [['{43,128}', '+']] },
      tells: 'verifier-form',
    },
    {
      what: 'the server compares the verifier before it deletes the code',
      changes: {
        [CODE_GRANT]: [
          ['  store.codes.delete(code)\n', ''],
          [
            '  return issueAccessToken(store, { grant: issuedCode.grant })',
            '  store.codes.delete(code)\n  return issueAccessToken(store, { grant: issuedCode.grant })',
          ],
        ],
      },
      tells: 'wrong-verifier-uses-code',
    },
    {
      what: 'the server deletes the code before it looks for the verifier',
      changes: {
        [CODE_GRANT]: [
          [
            "  const code_verifier = requiredParameter(form, 'code_verifier')\n",
            "  const found = store.codes.get(code)\n  if (!form.code_verifier) store.codes.delete(code)\n  const code_verifier = requiredParameter(form, 'code_verifier')\n",
          ],
          ['const issuedCode = store.codes.get(code)', 'const issuedCode = found'],
        ],
      },
      tells: 'verifier-missing-keeps-code',
    },
    {
      what: 'the token request has no content type',
      changes: {
        'client/token-request.ts': [
          ["      'content-type': 'application/x-www-form-urlencoded',\n", ''],
        ],
      },
      tells: 'state-still',
    },
    {
      what: 'the server rejects a verifier with a dot or a tilde',
      changes: { [PKCE]: [['[\\w.~-]{43,128}', '[\\w-]{43,128}']] },
      tells: 'right-verifier',
    },
    {
      what: 'the server rejects a verifier of 128 characters',
      changes: { [PKCE]: [['{43,128}', '{43,127}']] },
      tells: 'right-verifier',
    },
    {
      what: 'the server rejects a challenge with an underscore',
      changes: { [PKCE]: [['[\\w-]{43}$', '[a-zA-Z0-9-]{43}$']] },
      tells: 'right-verifier',
    },
  ],
}
