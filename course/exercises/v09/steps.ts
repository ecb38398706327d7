import { type Change, part } from '../draft.ts'
import { type Exercise, mistake } from '../exercise-start.ts'

const API = 'client/api.ts'
const CALLBACK = 'client/routes/callback.ts'
const LOGOUT = 'client/routes/logout.ts'
const MANAGER = 'client/token-manager.ts'
const PROTOCOL = 'protocol.ts'
const REFRESH = 'server/grants/refresh-token.ts'
const REVOCATION = 'client/revocation.ts'
const REVOKE = 'server/routes/revoke.ts'
const TOKEN = 'server/routes/token.ts'
const TOKEN_REQUEST = 'client/token-request.ts'

const NO_TWICE = 'if (Object.keys(form).some((name) => valuesOf(form, name).length > 1)) {'
const AUTHENTICATE =
  'const client = authenticateClient(request.headers.authorization, form, clients)'
const REGISTER = '  app.register(revokeRoute, { clients, store })\n'
const TOKEN_PARAMETER = "const token = requiredParameter(form, 'token')"
const UNKNOWN = 'if (grant === undefined || isExpired) return reply.send()'
const FIND_FAMILY = 'store.families.get(token.slice(0, ID_LENGTH))'
const IS_OTHER = 'if (grant.client_id !== client.client_id) {'
const END_FAMILY = 'if (family !== undefined) grant.ended = true\n'
const END_ACCESS = '      store.accessTokens.delete(token)\n'

const CHOOSE = 'token: refresh_token || access_token'
const FAILS = '.catch(() => undefined)\n  if'
const CONFIRMED = 'if (response?.status === 200) return'
const FLAG = '    this.#isRevoked = true\n'
const LATE_REFRESH = '    await this.revoke()\n    throw'
const REPLACE = 'await request.session.tokens?.revoke().catch(() => undefined)'
const LATE_EXCHANGE = '      await revokeTokens(config, tokenResponse)\n'
const DESTROY = '    await request.session.destroy()\n'
const TELL = '    await tokens?.revoke()\n'
const CONNECT = "{ href: '/login', text: 'Connect again' }"
const FORGET = '  delete session.tokens\n'

/** The endpoint before it looks at whose token it is. */
function withoutOtherClients(text: string): Change {
  const check = `      // RFC 7009 section 2.1\n      ${IS_OTHER}`
  return [part(text, check, '      // RFC 7009 section 2.1: a refresh token, used'), '']
}

export const v09: Exercise = {
  steps: [
    (draft) => {
      for (const path of [PROTOCOL, TOKEN]) draft.take(path)
      const text = draft.final(REVOKE)
      draft.take(
        REVOKE,
        ["import { ID_LENGTH } from '../grants/refresh-token.ts'\n", ''],
        [TOKEN_PARAMETER, TOKEN_PARAMETER.replace('const token = ', '')],
        [part(text, '      const family =', END_ACCESS) + END_ACCESS, ''],
      )
    },
    (draft) => {
      const text = draft.final(REVOKE)
      draft.take(
        REVOKE,
        ["import { ID_LENGTH } from '../grants/refresh-token.ts'\n", ''],
        [part(text, '      const family =', '      const grant ='), ''],
        ['family?.grant ?? store', 'store'],
        [' || isExpired', ''],
        withoutOtherClients(text),
        [`      ${END_FAMILY}`, ''],
      )
    },
    (draft) => {
      draft.take(REFRESH)
      draft.take(REVOKE, withoutOtherClients(draft.final(REVOKE)))
    },
    (draft) => draft.take(REVOKE),
    (draft) => {
      for (const path of [TOKEN_REQUEST, LOGOUT]) draft.take(path)
      const text = draft.final(REVOCATION)
      draft.take(
        REVOCATION,
        ['const response = await', 'await'],
        [part(text, '.catch(() => undefined)'), '\n}\n'],
      )
      const manager = draft.final(MANAGER)
      draft.take(
        MANAGER,
        ['  #isRevoked = false\n', ''],
        [FLAG, ''],
        [part(manager, '    if (!this.#isRevoked) return\n', '  }\n}\n'), ''],
      )
    },
    (draft) => draft.take(REVOCATION),
    (draft) => {
      draft.take(MANAGER)
      const text = draft.final(CALLBACK)
      const replaces = part(text, '    // The new tokens replace', '    // A logout in another tab')
      draft.take(CALLBACK, [replaces, ''])
    },
    (draft) => draft.take(CALLBACK),
    (draft) => draft.take(API),
  ],

  mistakes: [
    mistake('revoke-client', 'anyone may revoke', [
      REVOKE,
      AUTHENTICATE,
      "const client = clients.get('lab-client') ?? { client_id: '' }",
    ]),
    mistake('revoke-client', 'a client names itself, without its secret', [
      REVOKE,
      AUTHENTICATE,
      `const named = String(form.client_id ?? '')\n      const client = clients.get(form.client_secret ? '' : named) ?? authenticateClient(request.headers.authorization, form, clients)`,
    ]),
    mistake(
      'revoke-client',
      "the endpoint is outside of the token endpoint's error handler",
      [TOKEN, REGISTER, ''],
      [
        'server/app.ts',
        "import { tokenRoute } from './routes/token.ts'\n",
        "import { revokeRoute } from './routes/revoke.ts'\nimport { tokenRoute } from './routes/token.ts'\n",
      ],
      ['server/app.ts', '  app.register(meRoute', `${REGISTER}  app.register(meRoute`],
    ),
    mistake('revoke-request', 'the endpoint looks at the client before the body', [
      REVOKE,
      'const form = request.body\n',
      'const form = request.body\n      authenticateClient(request.headers.authorization, form ?? {}, clients)\n',
    ]),
    mistake('revoke-request', 'a missing token is a token that the server does not know', [
      REVOKE,
      TOKEN_PARAMETER,
      "const token = String(form.token ?? '')",
    ]),
    mistake('revoke-request', 'only the token may not come twice', [
      REVOKE,
      NO_TWICE,
      "if (valuesOf(form, 'token').length > 1) {",
    ]),
    mistake('revoke-json', 'wrong methods and large bodies get pages', [
      REVOKE,
      '{ config: { backChannel: true } }',
      '{}',
    ]),
    mistake('revoke-unknown', 'an unknown token is an error', [
      REVOKE,
      UNKNOWN,
      `if (grant === undefined) throw new OAuthError('invalid_grant', 'unknown')\n      if (isExpired) return reply.send()`,
    ]),
    mistake(
      'revoke-unknown',
      'a yes has a body',
      [REVOKE, UNKNOWN, UNKNOWN.replace('send()', 'send({})')],
      [
        REVOKE,
        `${END_ACCESS}      return reply.send()`,
        `${END_ACCESS}      return reply.send({})`,
      ],
    ),
    mistake('revoke-unknown', 'a code can be revoked', [
      REVOKE,
      UNKNOWN,
      `store.codes.delete(token)\n      ${UNKNOWN}`,
    ]),
    mistake('revoke-unknown', 'a used code ends its login', [
      REVOKE,
      UNKNOWN,
      `const used = store.usedCodes.get(token)\n      if (used) used.grant.ended = true\n      ${UNKNOWN}`,
    ]),
    mistake('access-ends', 'only refresh tokens end', [REVOKE, END_ACCESS, '']),
    mistake('access-alone', 'an access token ends its whole login', [
      REVOKE,
      END_FAMILY,
      'grant.ended = true\n',
    ]),
    mistake('refresh-ends', 'only access tokens end', [REVOKE, `      ${END_FAMILY}`, '']),
    mistake('refresh-ends', 'the refresh token ends, and its access tokens live on', [
      REVOKE,
      END_FAMILY,
      'if (family !== undefined) store.families.delete(family.id)\n',
    ]),
    mistake('used-ends', 'a used refresh token is unknown', [
      REVOKE,
      UNKNOWN,
      'if (family !== undefined && token !== family.id + family.secret) return reply.send()\n      ' +
        UNKNOWN,
    ]),
    mistake(
      'one-login',
      'a refresh token ends every login of its user',
      [
        REVOKE,
        '  app.post<',
        '  const all: any[] = []\n  const set = store.families.set.bind(store.families)\n  store.families.set = (key, family, ttl) => set(key, all[all.push(family) - 1], ttl)\n  app.post<',
      ],
      [
        REVOKE,
        END_FAMILY,
        'if (family !== undefined) for (const one of all) one.grant.ended ||= one.grant.user === grant.user\n',
      ],
    ),
    mistake('any-hint', 'the hint decides where the server looks', [
      REVOKE,
      FIND_FAMILY,
      `form.token_type_hint === 'access_token' ? undefined : ${FIND_FAMILY}`,
    ]),
    mistake('any-hint', 'an unknown hint is an error', [
      REVOKE,
      TOKEN_PARAMETER,
      `if (form.token_type_hint === 'x') throw new OAuthError('invalid_request', 'unknown hint')\n      ${TOKEN_PARAMETER}`,
    ]),
    mistake('expired', 'an expired refresh token still ends its login', [
      REVOKE,
      ' || isExpired',
      '',
    ]),
    mistake('together', 'a revocation forgets what the user allowed', [
      REVOKE,
      END_FAMILY,
      `${END_FAMILY}      store.allowedScopes.delete(\`\${grant.user.user_id} \${grant.client_id}\`)\n`,
    ]),
    mistake('other-client', "another client's token ends", [
      REVOKE,
      IS_OTHER,
      "if (grant.client_id === '') {",
    ]),
    mistake('other-client', "another client's token is an unknown one", [
      REVOKE,
      IS_OTHER,
      `if (grant.client_id !== client.client_id) return reply.send()\n      ${IS_OTHER}`,
    ]),
    mistake('other-client', "another client's token is rejected, but it ends all the same", [
      REVOKE,
      IS_OTHER,
      `${IS_OTHER}\n        grant.ended = true`,
    ]),
    mistake('logout-revokes', 'a logout tells the server nothing', [LOGOUT, TELL, '']),
    mistake('logout-revokes', 'a logout revokes the access token alone', [
      REVOCATION,
      CHOOSE,
      'token: access_token ?? refresh_token',
    ]),
    mistake(
      'logout-revokes',
      'the tokens are read after the session has ended',
      [LOGOUT, '    const { tokens } = request.session\n', ''],
      [LOGOUT, TELL, '    await request.session?.tokens?.revoke()\n'],
    ),
    mistake('logout-revokes', 'the client does not authenticate', [
      REVOCATION,
      '      authorization: basicAuthorization(config.clientId, config.clientSecret),\n',
      '',
    ]),
    mistake('logout-revokes', 'the revocation request has no content type', [
      REVOCATION,
      "      'content-type': 'application/x-www-form-urlencoded',\n",
      '',
    ]),
    mistake('logout-revokes', 'the token is in a parameter of another name', [
      REVOCATION,
      'new URLSearchParams(revocationRequest)',
      'new URLSearchParams({ refresh_token: revocationRequest.token })',
    ]),
    mistake('logout-revokes', 'the client wants JSON from the revocation endpoint', [
      REVOCATION,
      '    ignoreBody: true,\n',
      '',
    ]),
    mistake('any-body', 'the client wants an empty body', [
      REVOCATION,
      CONFIRMED,
      'if (response?.status === 200 && !Object.keys(response.body).length) return',
    ]),
    mistake(
      'logout-newest',
      'the logout revokes the tokens of the login, not the newest',
      [MANAGER, '  #isRevoked = false\n', '  #isRevoked = false\n  #first: AccessTokenResponse\n'],
      [
        MANAGER,
        '    this.#tokens = tokens\n',
        '    this.#tokens = tokens\n    this.#first = tokens\n',
      ],
      [
        MANAGER,
        'revokeTokens(this.#config, this.#tokens)',
        'revokeTokens(this.#config, this.#isRevoked && this.#renewal ? this.#tokens : this.#first)',
      ],
    ),
    mistake('logout-access', 'without a refresh token there is nothing to revoke', [
      REVOCATION,
      '  const revocationRequest',
      '  if (refresh_token === undefined) return\n  const revocationRequest',
    ]),
    mistake('session-first', 'the server is told first', [LOGOUT, DESTROY + TELL, TELL + DESTROY]),
    mistake('untold', 'nobody learns that the server could not be told', [
      LOGOUT,
      TELL,
      '    await tokens?.revoke().catch(() => undefined)\n',
    ]),
    mistake('untold', 'the logout does not wait for the server', [
      LOGOUT,
      TELL,
      '    tokens?.revoke().catch(() => undefined)\n    await new Promise((go) => setTimeout(go, 50))\n',
    ]),
    mistake('untold', 'any response is a yes', [
      REVOCATION,
      CONFIRMED,
      'if (response !== undefined) return',
    ]),
    mistake('untold', 'any response of 200 to 299 is a yes', [
      REVOCATION,
      CONFIRMED,
      'if (response && response.status < 300) return',
    ]),
    mistake('untold', 'the page has status 200', [
      REVOCATION,
      'new PageError(502',
      'new PageError(200',
    ]),
    mistake('untold', 'a rejection means that there was nothing to end', [
      REVOCATION,
      CONFIRMED,
      'if (response && response.status < 500) return',
    ]),
    mistake('untold-page', 'the page is that of any request without a response', [
      REVOCATION,
      FAILS,
      '\n  if',
    ]),
    mistake('untold-page', 'the page does not say what may still work', [
      REVOCATION,
      ` This may still work: ${'$'}{alive}.`,
      '',
    ]),
    mistake('untold-page', 'the page says "for up to undefined seconds"', [
      REVOCATION,
      "expires_in === undefined ? 'until it expires' : ",
      '',
    ]),
    mistake('untold-page', 'the page names a refresh token that was never issued', [
      REVOCATION,
      'alive = refresh_token\n',
      'alive = true\n',
    ]),
    mistake('untold-page', 'the page leads nowhere', [REVOCATION, "href: '/'", "href: '#'"]),
    mistake('untold-page', 'the page shows the token that is still alive', [
      REVOCATION,
      'This may still work: ',
      `This may still work: ${'$'}{access_token} `,
    ]),
    mistake('late-exchange', 'the tokens of a late exchange are thrown away', [
      CALLBACK,
      LATE_EXCHANGE,
      '',
    ]),
    mistake('late-exchange', 'a late exchange leads to the profile', [
      CALLBACK,
      `${LATE_EXCHANGE}      return reply.redirect('/'`,
      `${LATE_EXCHANGE}      return reply.redirect('/profile'`,
    ]),
    mistake('late-refresh', 'the tokens of a late refresh are thrown away', [
      MANAGER,
      LATE_REFRESH,
      '    throw',
    ]),
    mistake('late-refresh', 'a late refresh revokes only what it brought', [
      MANAGER,
      LATE_REFRESH,
      '    await revokeTokens(this.#config, tokens)\n    throw',
    ]),
    mistake('late-refresh', 'a late refresh revokes what was there before', [
      MANAGER,
      LATE_REFRESH,
      '    await revokeTokens(this.#config, { ...this.#tokens, refresh_token })\n    throw',
    ]),
    mistake('late-refresh', 'a late refresh breaks the page that waited for it', [
      MANAGER,
      "TokenRequestRefused(401, 'Logged out', ",
      'Error(',
    ]),
    mistake(
      'late-refresh',
      'the logout waits for a running refresh',
      [MANAGER, '  revoke(): Promise<void> {\n', '  async revoke(): Promise<void> {\n'],
      [MANAGER, FLAG, '    await this.#renewal?.catch(() => undefined)\n'],
    ),
    mistake('late-untold', 'nobody learns that the tokens of a late refresh could not be revoked', [
      MANAGER,
      LATE_REFRESH,
      '    await this.revoke().catch(() => undefined)\n    throw',
    ]),
    mistake('late-untold', 'nobody learns that late tokens could not be revoked', [
      CALLBACK,
      LATE_EXCHANGE,
      LATE_EXCHANGE.replace(')\n', ').catch(() => undefined)\n'),
    ]),
    mistake('failed-login-keeps', 'a login revokes the old tokens before it has new ones', [
      CALLBACK,
      '    // RFC 6749 section 4.1.2.1\n',
      `    ${REPLACE}\n    // RFC 6749 section 4.1.2.1\n`,
    ]),
    mistake('replaces', 'a new login just forgets the old tokens', [
      CALLBACK,
      `    ${REPLACE}\n`,
      '',
    ]),
    mistake(
      'replaces',
      'a new login looks for the old tokens in the new session',
      [CALLBACK, `    ${REPLACE}\n`, ''],
      [
        CALLBACK,
        '    await request.session.regenerate()\n',
        `    await request.session.regenerate()\n    ${REPLACE}\n`,
      ],
    ),
    mistake('replaces', 'a new login revokes its own tokens', [
      CALLBACK,
      REPLACE,
      `${REPLACE}\n    if (request.session.tokens) await revokeTokens(config, tokenResponse)`,
    ]),
    mistake('replaces-anyway', 'a new login fails when the old tokens cannot be revoked', [
      CALLBACK,
      REPLACE,
      REPLACE.replace('.catch(() => undefined)', ''),
    ]),
    mistake(
      'late-replace',
      'the old tokens are revoked after the look for a logout',
      [CALLBACK, `    ${REPLACE}\n`, ''],
      [
        CALLBACK,
        '    // A new session ID: someone',
        `    ${REPLACE}\n\n    // A new session ID: someone`,
      ],
    ),
    mistake('ended-page', 'the 401 page says what it always said', [
      API,
      'was ended or has run out: its token has expired',
      'token has expired',
    ]),
    mistake('ended-page', 'the link on the 401 page is the one for everybody', [
      API,
      CONNECT,
      'logIn',
    ]),
    mistake('ended-page', 'the 401 page leads on by itself', [
      'client/routes/profile.ts',
      '    const user = await fetchUserInfo(config, request.session)\n',
      "    const hadTokens = request.session.tokens !== undefined\n    const user = await fetchUserInfo(config, request.session).catch((error) => {\n      if (hadTokens && error.status === 401) return reply.redirect('/login')\n      throw error\n    })\n    if (reply.sent) return reply\n",
    ]),
    mistake('ended-forgets', 'everybody connects again', [
      API,
      "text: 'Log in' }",
      "text: 'Connect again' }",
    ]),
    mistake('ended-forgets', 'the access of someone without tokens has ended', [
      API,
      "'token missing from session'",
      "'The access was ended or has run out: token missing from session'",
    ]),
    mistake('refresh-nonsense', 'a refresh without a response counts as rejected', [
      MANAGER,
      'if (error instanceof TokenRequestRefused) return',
      "if (!(error as Error).message.includes('logged out')) return",
    ]),
    mistake('ended-forgets', 'what was ended is not forgotten', [API, FORGET, '']),
  ],
}
