import { AS_LAB, AS_WORKER, as, authorize, bearer, get, PKCE, post } from './make-draft.ts'
import { prepare } from './prepare.ts'

const NO_CLIENT = '401 Client authentication is missing or wrong'
const NOT_REGISTERED = '400 The client may not use that grant_type'
const INVALID_TOKEN = '401 The access token is missing, malformed, unknown or expired'
/** v10 knows no worker. */
const UNKNOWN_CLIENT = '400 No client is registered with client_id worker-client.'
const FORM = { grant_type: 'client_credentials' }

export const requests = prepare('the same', {
  'a-token-of-its-own': {
    revoked: {
      title: 'A token that the worker has revoked',
      draft: get('/api/stats', bearer('{revoked_worker_access_token}')),
      answer: INVALID_TOKEN,
      before: '404 Nothing is at this address.',
    },
  },
  'only-the-secret-counts': {
    'wrong-secret': {
      title: 'A wrong secret',
      draft: post('/token', FORM, as('worker-client', 'wrong')),
      answer: NO_CLIENT,
    },
    'no-secret': {
      title: 'A name without a secret',
      draft: post('/token', { ...FORM, client_id: 'worker-client' }),
      answer: NO_CLIENT,
    },
    user: {
      title: 'The name and the password of a user',
      draft: post('/token', FORM, as('user0', 'password0')),
      answer: NO_CLIENT,
    },
  },
  'what-each-client-is-registered-for': {
    'without-a-user': {
      title: 'lab-client, without a user',
      draft: post('/token', { ...FORM, scope: 'profile' }, AS_LAB),
      answer: NOT_REGISTERED,
      before: '400 This server does not know that grant_type',
    },
    refresh: {
      title: 'The worker, with a refresh token',
      draft: post(
        '/token',
        { grant_type: 'refresh_token', refresh_token: '{refresh_token}' },
        AS_WORKER,
      ),
      answer: NOT_REGISTERED,
      before: NO_CLIENT,
    },
    code: {
      title: 'The worker, with a code',
      draft: post('/token', { grant_type: 'authorization_code', code: 'any' }, AS_WORKER),
      answer: NOT_REGISTERED,
      before: NO_CLIENT,
    },
    password: {
      title: 'The worker, with the password of a user',
      draft: post(
        '/token',
        { grant_type: 'password', username: 'user0', password: 'password0' },
        AS_WORKER,
      ),
      answer: '400 This server does not know that grant_type',
      before: NO_CLIENT,
    },
    authorize: {
      title: 'The worker at the authorization endpoint',
      draft: authorize({ ...PKCE, client_id: 'worker-client' }),
      answer: '400 is not registered for worker-client',
      before: UNKNOWN_CLIENT,
    },
    'authorize-nowhere': {
      title: 'The worker at the authorization endpoint, without a redirect URI',
      draft: authorize({ ...PKCE, client_id: 'worker-client', redirect_uri: undefined }),
      answer: '400 redirect_uri is missing.',
      before: UNKNOWN_CLIENT,
    },
  },
  'no-users-data': {
    scope: {
      title: "A user's scope, for the worker",
      draft: post('/token', { ...FORM, scope: 'profile' }, AS_WORKER),
      answer: '400 scope may list only these: stats:read',
      before: NO_CLIENT,
    },
    name: {
      title: "A user's name, with the worker's token",
      draft: get('/api/me', bearer('{worker_access_token}')),
      answer: '403 The access token does not cover profile',
      before: INVALID_TOKEN,
    },
    email: {
      title: "A user's email address, with the worker's token",
      draft: get('/api/email', bearer('{worker_access_token}')),
      answer: '403 The access token does not cover email',
      before: INVALID_TOKEN,
    },
    stats: {
      title: "The number of users, with a user's token",
      draft: get('/api/stats', bearer('{access_token}')),
      answer: '403 The access token does not cover stats:read',
      before: '404 Nothing is at this address.',
    },
    'scope-of-the-worker': {
      title: "The worker's scope, for a user",
      draft: authorize({ ...PKCE, scope: 'profile stats:read' }),
      answer: '303 scope may list only these: profile email',
    },
  },
})
