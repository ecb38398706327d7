import { CONSENT_QUERY } from './fresh-values.ts'
import { AS_OTHER, bearer, FOREIGN, get, post, refresh } from './make-draft.ts'
import { prepare } from './prepare.ts'

const DENIED = '303 The user did not allow it'
const INVALID = '400 This page was used before, has expired, or belongs to another login.'
const NOT_ASKED = '400 The client asks for other scopes.'
/** v07 has no boxes to tick. */
const before = '303 code='
const QUERY = Object.fromEntries(CONSENT_QUERY)
const COOKIE = { cookie: '{consent_cookie}' }
const ALLOW = { consent: '{consent}', decision: 'allow', scope: 'profile' }

export const requests = prepare('the same', {
  'asked-when-its-wanted': {
    no: {
      title: 'The user says no, with the box ticked',
      draft: post('/consent', { ...ALLOW, decision: 'deny' }, COOKIE, QUERY),
      answer: DENIED,
    },
  },
  'for-this-client-and-for-this-user': {
    'not-registered': {
      title: 'A client asks for what another one may have',
      draft: get('/authorize', {}, { ...QUERY, scope: 'profile email' }),
      answer: '303 scope may list only these: profile',
    },
    email: {
      title: "The API, for what this client wasn't allowed",
      draft: get('/api/email', bearer('{foreign_access_token}')),
      answer: '403 The access token does not cover email',
    },
    'refresh-for-more': {
      title: "A refresh for what this client wasn't allowed",
      draft: refresh('{foreign_refresh_token}', { scope: 'profile email' }, AS_OTHER),
      answer: '400 scope may list only these: profile',
    },
  },
  'part-of-a-yes-1': {
    'nothing-ticked': {
      title: 'A yes to nothing',
      draft: post('/consent', { ...ALLOW, scope: undefined }, COOKIE, QUERY),
      answer: DENIED,
      before,
    },
    'unknown-ticked': {
      title: "A box that wasn't on the page",
      draft: post('/consent', { ...ALLOW, scope: 'admin' }, COOKIE, QUERY),
      answer: NOT_ASKED,
      before,
    },
    'email-ticked': {
      title: "A scope that the client didn't ask for",
      draft: post('/consent', { ...ALLOW, scope: 'email' }, COOKIE, QUERY),
      answer: NOT_ASKED,
      before,
    },
    'one-too-many': {
      title: 'The box of the page, and one more',
      draft: post('/consent', { ...ALLOW, scope: ['profile', 'email'] }, COOKIE, QUERY),
      answer: NOT_ASKED,
      before,
    },
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
    'made-up-value': {
      title: 'A made-up value',
      draft: post('/consent', { ...ALLOW, consent: 'made-up' }, COOKIE, QUERY),
      answer: INVALID,
    },
    'foreign-yes': {
      title: 'A yes from a page of another site',
      draft: post('/consent', ALLOW, { ...COOKIE, ...FOREIGN }, QUERY),
      answer: '400 Only a page of this server can send this form.',
    },
  },
})
