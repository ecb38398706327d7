import { bearer, FOREIGN, get, post, redeem, refresh, USER, VERIFIER } from './make-draft.ts'
import { prepare } from './prepare.ts'

const INVALID = '400 The app was disconnected before, or this page belongs to another login.'
const CROSS_ORIGIN = '400 Only a page of this server can send this form.'
/** v09 has no page with the connected apps, so nothing ends. */
const before = '404 Nothing is at this address.'
const WORKS = '200 User Number 1'
const NEW_TOKENS = '200 access_token'
const COOKIE = { cookie: '{account_cookie}' }
const FORM = { csrf: '{csrf}', client_id: '{client_id}' }

export const requests = prepare(before, {
  'the-list': {
    'wrong-password': {
      title: 'A wrong password',
      draft: post('/account', { ...USER, password: 'wrong' }),
      answer: '401 Wrong user name or password.',
    },
    'foreign-login': {
      title: 'A login from a page of another site',
      draft: post('/account', USER, FOREIGN),
      answer: CROSS_ORIGIN,
    },
  },
  'one-click': {
    'access-token': {
      title: 'An access token of a disconnected client',
      draft: get('/api/me', bearer('{disconnected_access_token}')),
      answer: '401 The access token is missing, malformed, unknown or expired',
      before: WORKS,
    },
    'refresh-token': {
      title: 'A refresh token of a disconnected client',
      draft: refresh('{disconnected_refresh_token}'),
      answer: '400 The refresh token is unknown or of another client',
      before: NEW_TOKENS,
    },
    code: {
      title: 'A code of a disconnected client',
      draft: redeem('{disconnected_code}', VERIFIER),
      answer: '400 The code is unknown, used, expired or of another client',
      before: NEW_TOKENS,
    },
  },
  'only-from-this-page': {
    'made-up-value': {
      title: 'A made-up value',
      draft: post('/account/disconnect', { ...FORM, csrf: 'made-up' }, COOKIE),
      answer: INVALID,
    },
    'no-value': {
      title: 'No value',
      draft: post('/account/disconnect', { client_id: '{client_id}' }, COOKIE),
      answer: INVALID,
    },
    'other-session': {
      title: 'The value of another session of the same user',
      draft: post('/account/disconnect', { ...FORM, csrf: '{other_csrf}' }, COOKIE),
      answer: INVALID,
    },
    'no-session': {
      title: 'The right value without its session',
      draft: post('/account/disconnect', FORM),
      answer: INVALID,
    },
    'foreign-form': {
      title: 'The right value from a page of another site',
      draft: post('/account/disconnect', FORM, { ...COOKIE, ...FOREIGN }),
      answer: CROSS_ORIGIN,
    },
    'not-connected': {
      title: "A client that isn't connected",
      draft: post('/account/disconnect', { ...FORM, client_id: 'other-client' }, COOKIE),
      answer: INVALID,
    },
    twice: {
      title: 'The right value, twice',
      draft: post(
        '/account/disconnect',
        { ...FORM, csrf: '{used_csrf}' },
        { cookie: '{used_account_cookie}' },
      ),
      answer: INVALID,
    },
  },
  'what-the-client-notices': {
    'session-at-the-client': {
      title: 'The profile at a disconnected client',
      draft: get('client/profile', { cookie: '{disconnected_cookie}' }),
      answer: '401 The access of this app was ended or has run out',
      before: WORKS,
    },
  },
})
