import { as, authorize, CLI, GUESS, PKCE, post, redeem, VERIFIER } from './make-draft.ts'
import { prepare } from './prepare.ts'
import type { Draft } from './request-draft.ts'

const HAS_NO_SECRET = '401 This client has no secret, so it must not send one'
const NO_CLIENT = '401 Client authentication is missing or wrong'
const NOT_REGISTERED = '400 is not registered for lab-cli'
/** v13 doesn't know lab-cli. */
const UNKNOWN_CLIENT = '400 No client is registered with client_id lab-cli.'
/** A token request of lab-cli: it says who it is, and nothing proves it. */
const FORM = { ...CLI, ...VERIFIER }

export const requests = prepare('the same', {
  'no-secret-is-right-not-even-an-empty-one': {
    secret: {
      title: 'A secret in the body',
      draft: redeem('{cli_code}', { ...FORM, client_secret: 'lab-client-secret' }, {}),
      answer: HAS_NO_SECRET,
      before: NO_CLIENT,
    },
    'empty-secret': {
      title: 'An empty secret in a header',
      draft: redeem('{cli_code}', FORM, as('lab-cli', '')),
      answer: HAS_NO_SECRET,
      before: NO_CLIENT,
    },
    confidential: {
      title: 'lab-client without its secret',
      draft: redeem('{code}', { client_id: '{client_id}', ...VERIFIER }, {}),
      answer: NO_CLIENT,
    },
    'without-a-user': {
      title: 'lab-cli without a user',
      draft: post('/token', { grant_type: 'client_credentials', client_id: 'lab-cli' }),
      answer: '400 The client may not use that grant_type',
      before: NO_CLIENT,
    },
    'about-a-token': {
      title: 'lab-cli, about its own token',
      draft: post('/introspect', { client_id: 'lab-cli', token: '{cli_access_token}' }),
      answer: '200 {"active":false}',
      before: NO_CLIENT,
    },
  },
  'a-code-without-its-verifier': {
    'no-verifier': {
      title: 'No verifier',
      draft: redeem('{cli_code}', CLI, {}),
      answer: '400 code_verifier is missing',
      before: NO_CLIENT,
    },
    guess: {
      title: 'A guess',
      draft: redeem('{cli_code}', { ...CLI, ...GUESS }, {}),
      answer: '400 code_verifier does not match the code_challenge',
      before: NO_CLIENT,
    },
    'after-a-guess': {
      title: 'The right verifier, after a guess',
      draft: redeem('{guessed_cli_code}', FORM, {}),
      answer: '400 The code is unknown, used, expired or of another client',
      before: NO_CLIENT,
    },
    'other-port': {
      title: 'The redirect URI with another port than before',
      draft: redeem('{cli_code}', { ...FORM, redirect_uri: 'http://127.0.0.1:50124/callback' }, {}),
      answer: '400 redirect_uri is not the one that the code was sent to',
      before: NO_CLIENT,
    },
  },
  'any-port-and-nothing-else': {
    localhost: {
      title: 'localhost in place of 127.0.0.1',
      draft: toCli('http://localhost:50123/callback'),
      answer: NOT_REGISTERED,
      before: UNKNOWN_CLIENT,
    },
    slash: {
      title: 'A slash at the end',
      draft: toCli('http://127.0.0.1:50123/callback/'),
      answer: NOT_REGISTERED,
      before: UNKNOWN_CLIENT,
    },
    'before-the-at': {
      title: 'A host that only looks like 127.0.0.1',
      draft: toCli('http://127.0.0.1:50123@evil.example/callback'),
      answer: NOT_REGISTERED,
      before: UNKNOWN_CLIENT,
    },
    'no-port': {
      title: 'A port above 65535',
      draft: toCli('http://127.0.0.1:65536/callback'),
      answer: NOT_REGISTERED,
      before: UNKNOWN_CLIENT,
    },
    'other-client': {
      title: 'Another port for lab-client',
      draft: authorize({ ...PKCE, redirect_uri: 'http://localhost:8080/callback' }),
      answer: '400 is not registered for',
    },
  },
  'renew-and-end': {
    revoked: {
      title: 'A revoked refresh token',
      draft: post('/token', {
        grant_type: 'refresh_token',
        client_id: 'lab-cli',
        refresh_token: '{revoked_cli_refresh_token}',
      }),
      answer: '400 The refresh token is unknown or of another client',
      before: NO_CLIENT,
    },
  },
})

function toCli(redirect_uri: string): Draft {
  return authorize({ ...PKCE, ...CLI, redirect_uri })
}
