import { authorize, callback } from './make-draft.ts'
import { prepare } from './prepare.ts'

const answer = "400 This response doesn't belong to the login that this browser started last."
/** v01 exchanges the code, whoever started the login. */
const before = '200 Access token'

export const requests = prepare(before, {
  'the-trap-of-the-problem': {
    trap: {
      title: 'The response to a login of the attacker',
      draft: callback('{login_cookie}', { code: '{other_code}', state: '{other_state}' }),
      answer,
    },
    'used-state': {
      title: 'A used state, with a new code',
      draft: callback('{used_cookie}', { code: '{other_code}', state: '{used_state}' }),
      answer,
    },
  },
  'more-responses-that-the-client-rejects': {
    'no-state': {
      title: 'No state',
      draft: callback('{login_cookie}', { code: '{login_code}' }),
      answer,
    },
    'empty-state': {
      title: 'An empty state',
      draft: callback('{login_cookie}', { code: '{login_code}', state: '' }),
      answer,
    },
    'made-up-state': {
      title: 'A made-up state',
      draft: callback('{login_cookie}', { code: '{login_code}', state: 'made-up' }),
      answer,
    },
    'longer-state': {
      title: 'The right state and one more character',
      draft: callback('{login_cookie}', { code: '{login_code}', state: '{login_state}x' }),
      answer,
    },
    'doubled-state': {
      title: 'The right state, twice',
      draft: callback('{login_cookie}', {
        code: '{login_code}',
        state: ['{login_state}', '{login_state}'],
      }),
      answer,
    },
    'no-cookie': {
      title: 'The right state in a browser without the cookie',
      draft: callback(undefined, { code: '{login_code}', state: '{login_state}' }),
      answer,
    },
    'forged-error': {
      title: 'A forged error message',
      draft: callback('{login_cookie}', {
        error: 'access_denied',
        error_description: 'Call us at once',
      }),
      answer,
      before: '400 Call us at once',
    },
    'earlier-login': {
      title: 'The response to the earlier of two logins',
      draft: callback('{earlier_cookie}', { code: '{earlier_code}', state: '{earlier_state}' }),
      answer,
    },
  },
  'what-the-server-does-with-a-state': {
    'two-states': {
      title: 'Two states',
      draft: authorize({ state: ['abc', 'def'] }),
      answer: '303 state is given more than once',
      before: '200 Log in',
    },
    'state-with-an-error': {
      title: 'Another response type: the state goes back with the error',
      draft: authorize({ response_type: 'token', state: 'abc' }),
      answer: '303 state=abc',
      before: '303 response_type must be code',
    },
  },
})
