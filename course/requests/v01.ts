import { AS_LAB, AS_OTHER, as, authorize, post, redeem, request, USER } from './make-draft.ts'
import { prepare } from './prepare.ts'

const UNKNOWN_CODE = '400 The code is unknown, used, expired or of another client'
const NOT_REGISTERED = '400 is not registered for'

export const requests = prepare('the same', {
  'what-the-server-rejects': {
    'used-code': { title: 'A used code', draft: redeem('{used_code}'), answer: UNKNOWN_CODE },
    'wrong-secret': {
      title: 'A wrong secret',
      draft: redeem('{code}', {}, as('lab-client', 'wrong')),
      answer: '401 Client authentication is missing or wrong',
    },
    'no-secret': {
      title: 'No secret',
      draft: redeem('{code}', { client_id: '{client_id}' }, {}),
      answer: '401 Client authentication is missing or wrong',
    },
    'other-client': {
      title: 'Another client, with its own secret',
      draft: redeem('{code}', {}, AS_OTHER),
      answer: UNKNOWN_CODE,
    },
    'other-redirect-uri': {
      title: 'Another redirect URI than the code was sent to',
      draft: redeem('{code}', { redirect_uri: '{client}/' }),
      answer: '400 redirect_uri is not the one that the code was sent to',
    },
    'two-methods': {
      title: 'The secret in the header and in the body',
      draft: redeem('{code}', { client_secret: 'lab-client-secret' }, AS_LAB),
      answer: '400 Client credentials are in the header and in the body',
    },
    slash: {
      title: 'A slash after the redirect URI',
      draft: authorize({ redirect_uri: '{redirect_uri}/' }),
      answer: NOT_REGISTERED,
    },
    query: {
      title: 'A query after the redirect URI',
      draft: authorize({ redirect_uri: '{redirect_uri}?next=/' }),
      answer: NOT_REGISTERED,
    },
    'other-program': {
      title: 'The same path at another program',
      draft: authorize({ redirect_uri: '{server}/callback' }),
      answer: NOT_REGISTERED,
    },
    'before-the-at': {
      title: "A host that only looks like the client's",
      draft: authorize({ redirect_uri: '{client}@evil.example/callback' }),
      answer: NOT_REGISTERED,
    },
    'unknown-client': {
      title: 'An unknown client',
      draft: authorize({ client_id: 'nobody' }),
      answer: '400 No client is registered with client_id nobody.',
    },
    'response-type': {
      title: 'Another response type: the client hears of it',
      draft: authorize({ response_type: 'token' }),
      answer: '303 response_type must be code',
    },
    doubled: {
      title: 'A parameter given twice',
      draft: authorize({ response_type: ['code', 'code'] }),
      answer: '303 response_type is given more than once',
    },
    'wrong-password': {
      title: 'A wrong password',
      draft: post('/authorize', { ...USER, password: 'wrong' }, {}, request()),
      answer: '401 Wrong user name or password.',
    },
  },
})
