import { AS_OTHER, as, bearer, GUESS, get, redeem, refresh, VERIFIER } from './make-draft.ts'
import { prepare } from './prepare.ts'

const INVALID_TOKEN = '401 The access token is missing, malformed, unknown or expired'
const UNKNOWN = '400 The refresh token is unknown or of another client'
const NO_CLIENT = '401 Client authentication is missing or wrong'
/** v04 knows no refresh token. */
const before = '400 This server does not know that grant_type'
/** In v04, nothing ends a token. */
const WORKS = '200 User Number 1'

export const requests = prepare(before, {
  'a-refresh-token-buys-two-new-ones': {
    'at-the-api': {
      title: 'A refresh token in place of an access token',
      draft: get('/api/me', bearer('{refresh_token}')),
      answer: INVALID_TOKEN,
      before: 'the same',
    },
    'access-token': {
      title: 'An access token in place of a refresh token',
      draft: refresh('{access_token}'),
      answer: UNKNOWN,
    },
  },
  'some-failed-refreshes-end-nothing': {
    'other-client': {
      title: 'Another client, with its own secret',
      draft: refresh('{refresh_token}', {}, AS_OTHER),
      answer: UNKNOWN,
    },
    'wrong-secret': {
      title: 'A wrong secret',
      draft: refresh('{refresh_token}', {}, as('lab-client', 'a-guess')),
      answer: NO_CLIENT,
      before: 'the same',
    },
    'no-secret': {
      title: 'No secret',
      draft: refresh('{refresh_token}', { client_id: '{client_id}' }, {}),
      answer: NO_CLIENT,
      before: 'the same',
    },
    'no-token': {
      title: 'No refresh token',
      draft: refresh(''),
      answer: '400 refresh_token is missing',
    },
    'made-up': { title: 'A made-up refresh token', draft: refresh('made-up'), answer: UNKNOWN },
    doubled: {
      title: 'The refresh token, twice',
      draft: refresh(['{refresh_token}', '{refresh_token}']),
      answer: '400 refresh_token is given more than once',
    },
  },
  'a-used-refresh-token-ends-the-family': {
    used: {
      title: 'A used refresh token',
      draft: refresh('{used_refresh_token}'),
      answer: '400 The refresh token was used before: the login has ended',
    },
    newest: {
      title: 'The newest refresh token, after that',
      draft: refresh('{family_refresh_token}'),
      answer: UNKNOWN,
    },
    'access-token-of-the-family': {
      title: 'An access token, after that',
      draft: get('/api/me', bearer('{family_access_token}')),
      answer: INVALID_TOKEN,
      before: WORKS,
    },
  },
  'a-code-that-is-used-twice-ends-what-it-bought': {
    'used-code-guess': {
      title: 'A used code, with a guess',
      draft: redeem('{used_code}', GUESS),
      answer: '400 code_verifier does not match the code_challenge',
      before: '400 The code is unknown, used, expired or of another client',
    },
    'used-code': {
      title: 'A used code, with the right verifier',
      draft: redeem('{used_code}', VERIFIER),
      answer: '400 The code was used before, so its tokens are revoked',
      before: '400 The code is unknown, used, expired or of another client',
    },
    'token-of-the-code': {
      title: 'The access token, after that',
      draft: get('/api/me', bearer('{repeated_access_token}')),
      answer: INVALID_TOKEN,
      before: WORKS,
    },
  },
})
