import { bearer, callback, get, post } from './make-draft.ts'
import { prepare } from './prepare.ts'

const NO_TOKEN = '401 Send an access token in the Authorization header.'
const INVALID_TOKEN = '401 The access token is missing, malformed, unknown or expired'
const NOT_LOGGED_IN = '401 token missing from session'
/** v03 has no resource, no profile and no logout. */
const before = '404 Nothing is at this address.'

export const requests = prepare(before, {
  'what-is-rejected': {
    'no-token': { title: 'No token', draft: get('/api/me'), answer: NO_TOKEN },
    password: {
      title: 'A password in place of a token',
      draft: get('/api/me', { authorization: 'Basic dXNlcjA6cGFzc3dvcmQw' }),
      answer: NO_TOKEN,
    },
    nonsense: {
      title: 'A made-up token',
      draft: get('/api/me', bearer('nonsense')),
      answer: INVALID_TOKEN,
    },
    'empty-token': {
      title: 'The scheme alone',
      draft: get('/api/me', { authorization: 'Bearer' }),
      answer: INVALID_TOKEN,
    },
    code: {
      title: 'A code in place of a token',
      draft: get('/api/me', bearer('{code}')),
      answer: INVALID_TOKEN,
    },
    'longer-token': {
      title: 'A token and one more character',
      draft: get('/api/me', bearer('{access_token}x')),
      answer: INVALID_TOKEN,
    },
    'token-in-url': {
      title: 'A good token in the URL',
      draft: get('/api/me', {}, { access_token: '{access_token}' }),
      answer: NO_TOKEN,
    },
    'other-method': {
      title: 'A good token in a form',
      draft: post('/api/me', { access_token: '{access_token}' }),
      answer: '405 not POST',
    },
  },
  'the-client-and-the-way-out': {
    'logout-by-link': {
      title: 'A logout by a link',
      draft: get('client/logout'),
      answer: '405 This address accepts POST, not GET.',
    },
    'no-session': {
      title: 'The profile without a login',
      draft: get('client/profile'),
      answer: NOT_LOGGED_IN,
    },
    'after-logout': {
      title: 'A cookie after the logout',
      draft: get('client/profile', { cookie: '{ended_cookie}' }),
      answer: NOT_LOGGED_IN,
    },
  },
  'a-planted-session-stays-empty': {
    'planted-session': {
      title: "The attacker's copy of a planted cookie",
      draft: get('client/profile', { cookie: '{planted_cookie}' }),
      answer: NOT_LOGGED_IN,
    },
    'token-injection': {
      title: 'A stolen token in place of a code',
      draft: callback('{other_cookie}', { access_token: '{access_token}', state: '{other_state}' }),
      answer: '400 The response has neither a code nor an error.',
      before: 'the same',
    },
  },
})
