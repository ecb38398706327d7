import { CONSENT_QUERY } from './fresh-values.ts'
import { FOREIGN, post, USER } from './make-draft.ts'
import { prepare } from './prepare.ts'

const DENIED = '303 The user did not allow it'
const INVALID = '400 This page was used before, has expired, or belongs to another login.'
const CROSS_ORIGIN = '400 Only a page of this server can send this form.'
/** v06 has no consent page. */
const before = '404 Nothing is at this address.'
const QUERY = Object.fromEntries(CONSENT_QUERY)
const COOKIE = { cookie: '{consent_cookie}' }
const ALLOW = { consent: '{consent}', decision: 'allow' }

export const requests = prepare(before, {
  'yes-and-no': {
    no: {
      title: 'The user says no',
      draft: post('/consent', { ...ALLOW, decision: 'deny' }, COOKIE, QUERY),
      answer: DENIED,
    },
    maybe: {
      title: 'A decision that is neither yes nor no',
      draft: post('/consent', { ...ALLOW, decision: 'maybe' }, COOKIE, QUERY),
      answer: DENIED,
    },
  },
  'a-value-works-once': {
    'used-value': {
      title: 'A used value',
      draft: post(
        '/consent',
        { ...ALLOW, consent: '{used_consent}' },
        { cookie: '{used_consent_cookie}' },
        QUERY,
      ),
      answer: INVALID,
    },
    'no-value': {
      title: 'No value',
      draft: post('/consent', { decision: 'allow' }, COOKIE, QUERY),
      answer: INVALID,
    },
    'made-up-value': {
      title: 'A made-up value',
      draft: post('/consent', { ...ALLOW, consent: 'made-up' }, COOKIE, QUERY),
      answer: INVALID,
    },
  },
  'a-value-belongs-to-one-session-and-one-request': {
    'foreign-value': {
      title: 'The value of another session',
      draft: post('/consent', { ...ALLOW, consent: '{other_consent}' }, COOKIE, QUERY),
      answer: INVALID,
    },
    'other-request': {
      title: 'A value for another request',
      draft: post(
        '/consent',
        { ...ALLOW, consent: '{first_consent}' },
        { cookie: '{first_consent_cookie}' },
        { ...QUERY, state: 'another-state' },
      ),
      answer: INVALID,
    },
    'no-session': {
      title: 'A value without its session',
      draft: post('/consent', ALLOW, {}, QUERY),
      answer: INVALID,
    },
  },
  'a-form-from-another-site': {
    'foreign-yes': {
      title: 'A yes from a page of another site',
      draft: post('/consent', ALLOW, { ...COOKIE, ...FOREIGN }, QUERY),
      answer: CROSS_ORIGIN,
    },
    'foreign-login': {
      title: 'A login from a page of another site',
      draft: post('/authorize', USER, FOREIGN, QUERY),
      answer: CROSS_ORIGIN,
      before: '303 code=',
    },
    'login-from-another-port': {
      title: 'A login from a page of another program of this host',
      draft: post('/authorize', USER, { 'sec-fetch-site': 'same-site' }, QUERY),
      answer: CROSS_ORIGIN,
      before: '303 code=',
    },
    'foreign-logout': {
      title: 'A logout from a page of another site',
      draft: post('/logout', {}, { ...COOKIE, ...FOREIGN }, QUERY),
      answer: CROSS_ORIGIN,
    },
  },
})
