import { CODE_CHALLENGE } from '@oauth-lab/shared/testing/driver.ts'
import { authorize, callback, GUESS, PKCE, redeem, VERIFIER } from './make-draft.ts'
import { prepare } from './prepare.ts'

const MISMATCH = '400 code_verifier does not match the code_challenge'
const MALFORMED = '400 code_verifier must be 43 to 128 unreserved characters'
/** v02 asks for no verifier. */
const before = '200 access_token'
const LOGIN_PAGE = '200 Log in'

export const requests = prepare(before, {
  'the-same-in-v03': {
    'no-verifier': {
      title: "A stolen code, with the client's secret",
      draft: redeem('{code}'),
      answer: '400 code_verifier is missing',
    },
    guess: {
      title: 'A stolen code, with a guess',
      draft: redeem('{code}', GUESS),
      answer: MISMATCH,
    },
    'injected-code': {
      title: "A stolen code in the attacker's own login",
      draft: callback('{other_cookie}', { code: '{login_code}', state: '{other_state}' }),
      answer: MISMATCH,
      before: '200 Access token',
    },
  },
  'do-the-arithmetic': {
    challenge: {
      title: 'The challenge in place of the verifier',
      draft: redeem('{code}', { code_verifier: CODE_CHALLENGE }),
      answer: MISMATCH,
    },
    'second-guess': {
      title: 'The right verifier, after a guess',
      draft: redeem('{guessed_code}', VERIFIER),
      answer: '400 The code is unknown, used, expired or of another client',
      before: 'the same',
    },
    'short-verifier': {
      title: 'A verifier that is too short',
      draft: redeem('{code}', { code_verifier: 'too-short' }),
      answer: MALFORMED,
    },
    'wrong-character': {
      title: 'A verifier with a space in it',
      draft: redeem('{code}', { code_verifier: `${VERIFIER.code_verifier} ` }),
      answer: MALFORMED,
    },
    'doubled-verifier': {
      title: 'The right verifier, twice',
      draft: redeem('{code}', { code_verifier: [VERIFIER.code_verifier, VERIFIER.code_verifier] }),
      answer: '400 code_verifier is given more than once',
    },
  },
  downgrades: {
    'no-challenge': {
      title: 'No challenge',
      draft: authorize(),
      answer: '303 code_challenge is missing',
      before: LOGIN_PAGE,
    },
    'no-method': {
      title: 'No method',
      draft: authorize({ code_challenge: CODE_CHALLENGE }),
      answer: '303 code_challenge_method is missing',
      before: LOGIN_PAGE,
    },
    plain: {
      title: 'The method plain',
      draft: authorize({ ...PKCE, code_challenge_method: 'plain' }),
      answer: '303 code_challenge_method must be S256',
      before: LOGIN_PAGE,
    },
    'short-challenge': {
      title: 'A challenge that is too short',
      draft: authorize({ ...PKCE, code_challenge: 'too-short' }),
      answer: '303 code_challenge must be 43 characters of base64url',
      before: LOGIN_PAGE,
    },
  },
})
