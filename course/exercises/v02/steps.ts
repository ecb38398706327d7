import { part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

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
    mistake('right-state', "the client sends the state, but doesn't store it", [
      LOGIN,
      'request.session.pendingLogin = {\n      state,\n    }\n',
      '',
    ]),
    mistake(
      'foreign-state',
      'the client stores one state for all browsers',
      [
        LOGIN,
        'request.session.pendingLogin = {\n      state,\n    }',
        'latest.state = state\n    request.session.pendingLogin = latest',
      ],
      [
        LOGIN,
        '/** Sends the browser',
        "export const latest = { state: '' }\n\n/** Sends the browser",
      ],
    ),
    mistake(
      'state-sent',
      'the state is the same for every login',
      [LOGIN, 'const state = randomToken()', 'const state = always'],
      [LOGIN, '/** Sends the browser', 'const always = randomToken()\n\n/** Sends the browser'],
    ),
    mistake('state-sent', 'the state is short enough to guess', [
      LOGIN,
      'randomToken()',
      'randomToken().slice(0, 8)',
    ]),
    mistake('later-login', 'the client keeps the first login of a browser in place of the last', [
      LOGIN,
      'pendingLogin = {',
      'pendingLogin ??= {',
    ]),
    mistake('state-once', 'a state works more than once', [
      CALLBACK,
      '    delete request.session.pendingLogin\n',
      '',
    ]),
    mistake(
      'state-once',
      'the client deletes the state only after the exchange',
      [CALLBACK, '    delete request.session.pendingLogin\n    await request.session.save()\n', ''],
      [
        CALLBACK,
        '\n    return reply.view(',
        '    delete request.session.pendingLogin\n\n    return reply.view(',
      ],
    ),
    mistake('state-once', 'a state still works after an error', [
      CALLBACK,
      '    delete request.session.pendingLogin\n    await',
      '    if (!request.query.error) delete request.session.pendingLogin\n    await',
    ]),
    mistake(
      'wrong-then-right',
      'the client deletes the state before it compares it',
      [CALLBACK, '    delete request.session.pendingLogin\n', ''],
      [
        CALLBACK,
        'const { pendingLogin } = request.session\n',
        'const { pendingLogin } = request.session\n    delete request.session.pendingLogin\n    await request.session.save()\n',
      ],
    ),
    mistake('wrong-state', 'the client accepts a response without a state', [
      CALLBACK,
      'if (!state || !pendingLogin || !sameSecret(state, pendingLogin.state)) {',
      'if (state && (!pendingLogin || !sameSecret(state, pendingLogin.state))) {',
    ]),
    mistake(
      'no-login',
      'the client accepts a browser that started no login',
      [
        CALLBACK,
        '!state || !pendingLogin || !sameSecret(state, pendingLogin.state)',
        '!state || (pendingLogin && !sameSecret(state, pendingLogin.state))',
      ],
      [
        CALLBACK,
        '    delete request.session.pendingLogin\n',
        "    request.session.pendingLogin = { state: '-' }\n",
      ],
    ),
    mistake('no-login', 'no state in the response counts as the same as none in the session', [
      CALLBACK,
      '!state || !pendingLogin || !sameSecret(state, pendingLogin.state)',
      "!sameSecret(state ?? '', pendingLogin?.state ?? '')",
    ]),
    mistake('wrong-state', 'the client takes the first of two states', [
      CALLBACK,
      "soleParameter(request.query, 'state')",
      '[request.query.state].flat()[0]',
    ]),
    mistake('state-returned', 'the server removes the spaces around the state', [
      AUTHORIZE,
      'state: authorizationRequest.state,',
      'state: authorizationRequest.state?.trim(),',
    ]),
    mistake('state-returned', 'the server sends back no state with the code', [
      AUTHORIZE,
      '    state: authorizationRequest.state,\n',
      '',
    ]),
    mistake('state-returned', 'the server encodes the state a second time', [
      AUTHORIZE,
      'state: authorizationRequest.state,',
      'state: authorizationRequest.state && encodeURIComponent(authorizationRequest.state),',
    ]),
    mistake('state-with-error', 'the server sends back no state with an error', [
      AUTHORIZE,
      "      state: soleParameter(request.query, 'state'),\n",
      '',
    ]),
    mistake('no-state', 'the server sends the word undefined if there is no state', [
      RESPONSE,
      'if (value !== undefined) url.searchParams.set(name, value)',
      "if (value !== undefined || !('error' in response)) url.searchParams.set(name, String(value))",
    ]),
    mistake('two-states', 'the server takes the first of two states', [
      'server/authorization-request.ts',
      "state: parameter(query, 'state'),",
      'state: [query.state].flat()[0],',
    ]),
    mistake('right-state', 'the token request has no content type', [
      'client/token-request.ts',
      "      'content-type': 'application/x-www-form-urlencoded',\n",
      '',
    ]),
  ],
}
