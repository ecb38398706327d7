import { AS_API, AS_LAB, AS_OTHER, as, bearer, get, post } from './make-draft.ts'
import { prepare } from './prepare.ts'

const INACTIVE = '200 {"active":false}'
const NO_CLIENT = '401 Client authentication is missing or wrong'
/** In v11, nobody asks about tokens. */
const before = '404 Nothing is at this address.'

export const requests = prepare(before, {
  'what-everyone-else-hears': {
    'own-token': {
      title: 'The client, about its own token',
      draft: post('/introspect', { token: '{access_token}' }, AS_LAB),
      answer: INACTIVE,
    },
    'other-client': {
      title: 'Another client',
      draft: post('/introspect', { token: '{access_token}' }, AS_OTHER),
      answer: INACTIVE,
    },
    'wrong-secret': {
      title: 'Someone who says that they are the API',
      draft: post('/introspect', { token: '{access_token}' }, as('api-server', 'wrong')),
      answer: NO_CLIENT,
    },
    stranger: {
      title: 'A stranger',
      draft: post('/introspect', { token: '{access_token}' }),
      answer: NO_CLIENT,
    },
    'refresh-token': {
      title: 'The API, about a refresh token',
      draft: post('/introspect', { token: '{refresh_token}' }, AS_API),
      answer: INACTIVE,
    },
    code: {
      title: 'The API, about a code',
      draft: post('/introspect', { token: '{code}' }, AS_API),
      answer: INACTIVE,
    },
    'made-up': {
      title: 'The API, about a made-up token',
      draft: post('/introspect', { token: 'made-up' }, AS_API),
      answer: INACTIVE,
    },
    'no-token': {
      title: 'The API, about nothing',
      draft: post('/introspect', { token_type_hint: 'access_token' }, AS_API),
      answer: '400 token is missing',
    },
    'two-tokens': {
      title: 'The API, about two tokens',
      draft: post('/introspect', { token: ['{access_token}', '{refresh_token}'] }, AS_API),
      answer: '400 token is given more than once',
    },
  },
  'who-answers-where': {
    'api-at-the-server': {
      title: 'The profile, at the server',
      draft: get('/api/me', bearer('{access_token}')),
      answer: '404 Nothing is at this address.',
      before: '200 User Number 1',
    },
    'own-token-of-the-api': {
      title: 'The API, for a token of its own',
      draft: post('/token', { grant_type: 'client_credentials' }, AS_API),
      answer: '400 The client may not use that grant_type',
      before: NO_CLIENT,
    },
    worker: {
      title: "A user's name, with the worker's token",
      draft: get('api/api/me', bearer('{worker_access_token}')),
      answer: '403 The access token does not cover profile',
      before: 'the same',
    },
  },
  'ended-means-ended': {
    revoked: {
      title: 'A revoked token, at the API',
      draft: get('api/api/me', bearer('{revoked_access_token}')),
      answer: '401 The access token is missing, malformed, unknown or expired',
      before: 'the same',
    },
    'revoked-at-the-server': {
      title: 'The API, about a revoked token',
      draft: post('/introspect', { token: '{revoked_access_token}' }, AS_API),
      answer: INACTIVE,
    },
  },
})
