import { part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const LOGIN = 'client/routes/login.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const RESPONSE = 'server/authorization-response.ts'
const CALLBACK = 'client/routes/callback.ts'

export const v02: Exercise = {
  steps: [
    (draft) => {
      for (const path of ['client/app.ts', 'client/session.ts', 'client/routes/login.ts']) {
        draft.take(path)
      }
    },
    (draft) => {
      draft.take('server/authorization-request.ts')
      const error = '  error_description: string\n'
      draft.take('protocol.ts', [`${error}  state: string | undefined\n`, error])
      draft.take(RESPONSE)
      draft.take(
        AUTHORIZE,
        ["      state: soleParameter(request.query, 'state'),\n", ''],
        [
          '<Error, { Querystring: Parameters }>(async (error, request,',
          '<Error>(async (error, _request,',
        ],
      )
    },
    (draft) => {
      draft.take('protocol.ts')
      draft.take(AUTHORIZE)
    },
    (draft) => {
      const useUp = part(
        draft.final(CALLBACK),
        '    // A state works once',
        '\n    // RFC 6749 section 4.1.2.1',
      )
      draft.take(CALLBACK, [useUp, ''])
    },
    (draft) => draft.take(CALLBACK),
  ],

  mistakes: [
    {
      what: "the client sends the state, but doesn't store it",
      changes: { [LOGIN]: [['request.session.pendingLogin = {\n      state,\n    }\n', '']] },
      tells: 'right-state',
    },
    {
      what: 'the client stores one state for all browsers',
      changes: {
        [LOGIN]: [
          [
            'request.session.pendingLogin = {\n      state,\n    }',
            'latest.state = state\n    request.session.pendingLogin = latest',
          ],
          ['/** Sends the browser', "export const latest = { state: '' }\n\n/** Sends the browser"],
        ],
      },
      tells: 'foreign-state',
    },
    {
      what: 'the state is the same for every login',
      changes: {
        [LOGIN]: [
          ['const state = randomToken()', 'const state = always'],
          ['/** Sends the browser', 'const always = randomToken()\n\n/** Sends the browser'],
        ],
      },
      tells: 'state-sent',
    },
    {
      what: 'the state is short enough to guess',
      changes: { [LOGIN]: [['randomToken()', 'randomToken().slice(0, 8)']] },
      tells: 'state-sent',
    },
    {
      what: 'the client keeps the first login of a browser in place of the last',
      changes: { [LOGIN]: [['pendingLogin = {', 'pendingLogin ??= {']] },
      tells: 'later-login',
    },
    {
      what: 'a state works more than once',
      changes: { [CALLBACK]: [['    delete request.session.pendingLogin\n', '']] },
      tells: 'state-once',
    },
    {
      what: 'the client deletes the state only after the exchange',
      changes: {
        [CALLBACK]: [
          ['    delete request.session.pendingLogin\n    await request.session.save()\n', ''],
          [
            '\n    return reply.view(',
            '    delete request.session.pendingLogin\n\n    return reply.view(',
          ],
        ],
      },
      tells: 'state-once',
    },
    {
      what: 'a state still works after an error',
      changes: {
        [CALLBACK]: [
          [
            '    delete request.session.pendingLogin\n    await',
            '    if (!request.query.error) delete request.session.pendingLogin\n    await',
          ],
        ],
      },
      tells: 'state-once',
    },
    {
      what: 'the client deletes the state before it compares it',
      changes: {
        [CALLBACK]: [
          ['    delete request.session.pendingLogin\n', ''],
          [
            'const { pendingLogin } = request.session\n',
            'const { pendingLogin } = request.session\n    delete request.session.pendingLogin\n    await request.session.save()\n',
          ],
        ],
      },
      tells: 'wrong-then-right',
    },
    {
      what: 'the client accepts a response without a state',
      changes: {
        [CALLBACK]: [
          [
            'if (!state || !pendingLogin || !sameSecret(state, pendingLogin.state)) {',
            'if (state && (!pendingLogin || !sameSecret(state, pendingLogin.state))) {',
          ],
        ],
      },
      tells: 'wrong-state',
    },
    {
      what: 'the client accepts a browser that started no login',
      changes: {
        [CALLBACK]: [
          [
            '!state || !pendingLogin || !sameSecret(state, pendingLogin.state)',
            '!state || (pendingLogin && !sameSecret(state, pendingLogin.state))',
          ],
          [
            '    delete request.session.pendingLogin\n',
            "    request.session.pendingLogin = { state: '-' }\n",
          ],
        ],
      },
      tells: 'no-login',
    },
    {
      what: 'no state in the response counts as the same as none in the session',
      changes: {
        [CALLBACK]: [
          [
            '!state || !pendingLogin || !sameSecret(state, pendingLogin.state)',
            "!sameSecret(state ?? '', pendingLogin?.state ?? '')",
          ],
        ],
      },
      tells: 'no-login',
    },
    {
      what: 'the client takes the first of two states',
      changes: {
        [CALLBACK]: [["soleParameter(request.query, 'state')", '[request.query.state].flat()[0]']],
      },
      tells: 'wrong-state',
    },
    {
      what: 'the server removes the spaces around the state',
      changes: {
        [AUTHORIZE]: [
          ['state: authorizationRequest.state,', 'state: authorizationRequest.state?.trim(),'],
        ],
      },
      tells: 'state-returned',
    },
    {
      what: 'the server sends back no state with the code',
      changes: { [AUTHORIZE]: [['    state: authorizationRequest.state,\n', '']] },
      tells: 'state-returned',
    },
    {
      what: 'the server encodes the state a second time',
      changes: {
        [AUTHORIZE]: [
          [
            'state: authorizationRequest.state,',
            'state: authorizationRequest.state && encodeURIComponent(authorizationRequest.state),',
          ],
        ],
      },
      tells: 'state-returned',
    },
    {
      what: 'the server sends back no state with an error',
      changes: { [AUTHORIZE]: [["      state: soleParameter(request.query, 'state'),\n", '']] },
      tells: 'state-with-error',
    },
    {
      what: 'the server sends the word undefined if there is no state',
      changes: {
        [RESPONSE]: [
          [
            'if (value !== undefined) url.searchParams.set(name, value)',
            "if (value !== undefined || !('error' in response)) url.searchParams.set(name, String(value))",
          ],
        ],
      },
      tells: 'no-state',
    },
    {
      what: 'the server takes the first of two states',
      changes: {
        'server/authorization-request.ts': [
          ["state: parameter(query, 'state'),", 'state: [query.state].flat()[0],'],
        ],
      },
      tells: 'two-states',
    },
    {
      what: 'the token request has no content type',
      changes: {
        'client/token-request.ts': [
          ["      'content-type': 'application/x-www-form-urlencoded',\n", ''],
        ],
      },
      tells: 'right-state',
    },
  ],
}
