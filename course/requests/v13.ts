import { AS_API, AS_LAB, bearer, get, post } from './make-draft.ts'
import { prepare } from './prepare.ts'

const answer = '401 The access token is missing, malformed, unknown or expired'

export const requests = prepare('the same', {
  'write-one-yourself': {
    'other-user': {
      title: 'Another user, with the old signature',
      draft: get('api/api/me', bearer('{sub_access_token}')),
      answer,
    },
    'more-scopes': {
      title: 'One more scope, with the old signature',
      draft: get('api/api/email', bearer('{scope_access_token}')),
      answer,
    },
    'longer-life': {
      title: 'A longer life, with the old signature',
      draft: get('api/api/me', bearer('{exp_access_token}')),
      answer,
    },
    'other-audience': {
      title: 'Another API, with the old signature',
      draft: get('api/api/me', bearer('{aud_access_token}')),
      answer,
    },
    'other-type': {
      title: 'Another type, with the old signature',
      draft: get('api/api/me', bearer('{typ_access_token}')),
      answer,
    },
    'no-signature': {
      title: 'No signature',
      draft: get('api/api/me', bearer('{cut_access_token}')),
      answer,
    },
    'alg-none': {
      title: "A token that says that it isn't signed",
      draft: get('api/api/me', bearer('{none_access_token}')),
      answer,
    },
    'alg-hs256': {
      title: 'A token signed with the public key as a secret',
      draft: get('api/api/me', bearer('{hs_access_token}')),
      answer,
    },
    'foreign-key': {
      title: "A token of another key, under the name of the server's",
      draft: get('api/api/me', bearer('{key_access_token}')),
      answer,
    },
    'own-key': {
      title: 'A token that brings its own key',
      draft: get('api/api/me', bearer('{jwk_access_token}')),
      answer,
    },
  },
  'a-program-is-not-a-user': {
    worker: {
      title: "A user's name, with the worker's token",
      draft: get('api/api/me', bearer('{worker_access_token}')),
      answer: '403 The access token does not cover profile',
    },
    'signature-of-the-worker': {
      title: "A user's claims, with the signature of the worker's token",
      draft: get('api/api/me', bearer('{mixed_access_token}')),
      answer,
    },
    'refresh-token': {
      title: 'A refresh token in place of an access token',
      draft: get('api/api/me', bearer('{refresh_token}')),
      answer,
    },
  },
  'ended-and-still-working': {
    'client-asks': {
      title: 'The client, about its own token',
      draft: post('/introspect', { token: '{access_token}' }, AS_LAB),
      answer: '200 {"active":false}',
    },
    revoked: {
      title: 'The server, about a revoked token',
      draft: post('/introspect', { token: '{revoked_access_token}' }, AS_API),
      answer: '200 {"active":false}',
    },
  },
})
