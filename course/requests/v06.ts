import {
  authorize,
  bearer,
  get,
  OTHER_CLIENT,
  PKCE,
  post,
  refresh,
  request,
  USER,
} from './make-draft.ts'
import { prepare } from './prepare.ts'

const NOT_LISTED = '303 scope may list only these: profile email'
const DENIED = '303 The user did not allow it'
/** v05 doesn't look at a scope. */
const LOGIN_PAGE = '200 Log in'
const NEW_TOKENS = '200 access_token'
const NO_PAGE = '404 Nothing is at this address.'

export const requests = prepare('the same', {
  'some-things-cant-be-asked-for': {
    'unknown-scope': {
      title: "A scope that the server doesn't know",
      draft: authorize({ ...PKCE, scope: 'admin' }),
      answer: NOT_LISTED,
      before: LOGIN_PAGE,
    },
    'capital-letter': {
      title: 'A scope with a capital letter',
      draft: authorize({ ...PKCE, scope: 'Profile' }),
      answer: NOT_LISTED,
      before: LOGIN_PAGE,
    },
    'not-registered': {
      title: "A scope that the client isn't registered for",
      draft: authorize({ ...PKCE, ...OTHER_CLIENT, scope: 'profile email' }),
      answer: '303 scope may list only these: profile',
      before: LOGIN_PAGE,
    },
    'two-spaces': {
      title: 'Two spaces between two scopes',
      draft: authorize({ ...PKCE, scope: 'profile  email' }),
      answer: NOT_LISTED,
      before: LOGIN_PAGE,
    },
    doubled: {
      title: 'The parameter, twice',
      draft: authorize({ ...PKCE, scope: ['profile', 'email'] }),
      answer: '303 scope is given more than once',
      before: LOGIN_PAGE,
    },
  },
  cancel: {
    cancel: {
      title: 'Cancel, with empty fields',
      draft: post('/authorize', { decision: 'deny' }, {}, request({ ...PKCE, scope: 'profile' })),
      answer: DENIED,
      before: '401 Wrong user name or password.',
    },
    'cancel-with-password': {
      title: 'Cancel, with the right password',
      draft: post(
        '/authorize',
        { ...USER, decision: 'deny' },
        {},
        request({ ...PKCE, scope: 'profile' }),
      ),
      answer: DENIED,
      before: '303 code=',
    },
  },
  'a-token-for-a-name-opens-a-name': {
    email: {
      title: 'The email address, with a token for the name',
      draft: get('/api/email', bearer('{access_token}')),
      answer: '403 The access token does not cover email',
      before: NO_PAGE,
    },
    'made-up': {
      title: 'The email address, with a made-up token',
      draft: get('/api/email', bearer('nonsense')),
      answer: '401 The access token is missing, malformed, unknown or expired',
      before: NO_PAGE,
    },
    'email-page': {
      title: "The client's page with the email address",
      draft: get('client/email', { cookie: '{session_cookie}' }),
      answer: '403 This app is not allowed to see your email address.',
      before: NO_PAGE,
    },
  },
  'a-refresh-cant-get-more': {
    'refresh-for-more': {
      title: 'A refresh for more than the user allowed',
      draft: refresh('{refresh_token}', { scope: 'profile email' }),
      answer: '400 scope may list only these: profile',
      before: NEW_TOKENS,
    },
    'refresh-for-unknown': {
      title: "A refresh for a scope that the server doesn't know",
      draft: refresh('{refresh_token}', { scope: 'admin' }),
      answer: '400 scope may list only these: profile',
      before: NEW_TOKENS,
    },
    'used-refresh-token': {
      title: 'A used refresh token, for more',
      draft: refresh('{used_refresh_token}', { scope: 'profile email' }),
      answer: '400 The refresh token was used before: the login has ended',
    },
  },
  'a-refresh-can-get-less-and-later-the-rest': {
    name: {
      title: 'The name, with a token for the email address',
      draft: get('/api/me', bearer('{email_access_token}')),
      answer: '403 The access token does not cover profile',
      before: '200 User Number 1',
    },
  },
})
