import { AS_LAB, AS_OTHER, as, bearer, get, post, refresh } from './make-draft.ts'
import { prepare } from './prepare.ts'

const INVALID_TOKEN = '401 The access token is missing, malformed, unknown or expired'
const UNKNOWN = '400 The refresh token is unknown or of another client'
const NO_CLIENT = '401 Client authentication is missing or wrong'
/** In v08, a client can't end anything. */
const WORKS = '200 User Number 1'
const NEW_TOKENS = '200 access_token'
const before = '404 Nothing is at this address.'

export const requests = prepare(before, {
  'one-access-token': {
    'access-token': {
      title: 'A revoked access token',
      draft: get('/api/me', bearer('{revoked_access_token}')),
      answer: INVALID_TOKEN,
      before: WORKS,
    },
  },
  'a-whole-login': {
    'refresh-token': {
      title: 'A revoked refresh token',
      draft: refresh('{left_refresh_token}'),
      answer: UNKNOWN,
      before: NEW_TOKENS,
    },
    'access-token-of-the-login': {
      title: 'The access token of that login',
      draft: get('/api/me', bearer('{left_access_token}')),
      answer: INVALID_TOKEN,
      before: WORKS,
    },
    'newest-refresh-token': {
      title: 'The newest refresh token, after the client revoked an old one',
      draft: refresh('{renewed_refresh_token}'),
      answer: UNKNOWN,
      before: NEW_TOKENS,
    },
    'newest-access-token': {
      title: 'The newest access token, after that',
      draft: get('/api/me', bearer('{renewed_access_token}')),
      answer: INVALID_TOKEN,
      before: WORKS,
    },
  },
  'what-is-an-error-and-what-isnt': {
    'no-token': {
      title: 'No token',
      draft: post('/revoke', { token_type_hint: 'access_token' }, AS_LAB),
      answer: '400 token is missing',
    },
    'two-tokens': {
      title: 'Two tokens',
      draft: post('/revoke', { token: ['{access_token}', '{refresh_token}'] }, AS_LAB),
      answer: '400 A parameter is given more than once',
    },
    'two-hints': {
      title: 'Two hints',
      draft: post('/revoke', { token: '{access_token}', token_type_hint: ['a', 'b'] }, AS_LAB),
      answer: '400 A parameter is given more than once',
    },
    'no-secret': {
      title: 'No name and no secret',
      draft: post('/revoke', { token: '{refresh_token}' }),
      answer: NO_CLIENT,
    },
    'wrong-secret': {
      title: 'A wrong secret',
      draft: post('/revoke', { token: '{refresh_token}' }, as('lab-client', 'wrong')),
      answer: NO_CLIENT,
    },
    'other-client': {
      title: 'Another client, with its own secret',
      draft: post('/revoke', { token: '{refresh_token}' }, AS_OTHER),
      answer: '400 The token is of another client',
    },
    'no-form': {
      title: 'JSON in place of a form',
      draft: {
        ...post('/revoke', {}, { ...AS_LAB, 'content-type': 'application/json' }),
        body: { text: '{"token":"any"}' },
      },
      answer: '400 The body must be application/x-www-form-urlencoded',
    },
    get: {
      title: 'A GET',
      draft: get('/revoke', AS_LAB, { token: 'any' }),
      answer: '405 This address accepts POST, not GET.',
    },
  },
})
