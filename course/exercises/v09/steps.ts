import { type Change, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

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
    {
      what: 'anyone may revoke',
      changes: {
        [REVOKE]: [[AUTHENTICATE, "const client = clients.get('lab-client') ?? { client_id: '' }"]],
      },
      tells: 'revoke-client',
    },
    {
      what: 'a client names itself, without its secret',
      changes: {
        [REVOKE]: [
          [
            AUTHENTICATE,
            `const named = String(form.client_id ?? '')\n      const client = clients.get(form.client_secret ? '' : named) ?? authenticateClient(request.headers.authorization, form, clients)`,
          ],
        ],
      },
      tells: 'revoke-client',
    },
    {
      what: "the endpoint is outside of the token endpoint's error handler",
      changes: {
        [TOKEN]: [[REGISTER, '']],
        'server/app.ts': [
          [
            "import { tokenRoute } from './routes/token.ts'\n",
            "import { revokeRoute } from './routes/revoke.ts'\nimport { tokenRoute } from './routes/token.ts'\n",
          ],
          ['  app.register(meRoute', `${REGISTER}  app.register(meRoute`],
        ],
      },
      tells: 'revoke-client',
    },
    {
      what: 'the endpoint looks at the client before the body',
      changes: {
        [REVOKE]: [
          [
            'const form = request.body\n',
            'const form = request.body\n      authenticateClient(request.headers.authorization, form ?? {}, clients)\n',
          ],
        ],
      },
      tells: 'revoke-request',
    },
    {
      what: 'a missing token is a token that the server does not know',
      changes: { [REVOKE]: [[TOKEN_PARAMETER, "const token = String(form.token ?? '')"]] },
      tells: 'revoke-request',
    },
    {
      what: 'only the token may not come twice',
      changes: { [REVOKE]: [[NO_TWICE, "if (valuesOf(form, 'token').length > 1) {"]] },
      tells: 'revoke-request',
    },
    {
      what: 'wrong methods and large bodies get pages',
      changes: { [REVOKE]: [['{ config: { backChannel: true } }', '{}']] },
      tells: 'revoke-json',
    },
    {
      what: 'an unknown token is an error',
      changes: {
        [REVOKE]: [
          [
            UNKNOWN,
            `if (grant === undefined) throw new OAuthError('invalid_grant', 'unknown')\n      if (isExpired) return reply.send()`,
          ],
        ],
      },
      tells: 'revoke-unknown',
    },
    {
      what: 'a yes has a body',
      changes: {
        [REVOKE]: [
          [UNKNOWN, UNKNOWN.replace('send()', 'send({})')],
          [`${END_ACCESS}      return reply.send()`, `${END_ACCESS}      return reply.send({})`],
        ],
      },
      tells: 'revoke-unknown',
    },
    {
      what: 'a code can be revoked',
      changes: { [REVOKE]: [[UNKNOWN, `store.codes.delete(token)\n      ${UNKNOWN}`]] },
      tells: 'revoke-unknown',
    },
    {
      what: 'a used code ends its login',
      changes: {
        [REVOKE]: [
          [
            UNKNOWN,
            `const used = store.usedCodes.get(token)\n      if (used) used.grant.ended = true\n      ${UNKNOWN}`,
          ],
        ],
      },
      tells: 'revoke-unknown',
    },
    {
      what: 'only refresh tokens end',
      changes: { [REVOKE]: [[END_ACCESS, '']] },
      tells: 'access-ends',
    },
    {
      what: 'an access token ends its whole login',
      changes: { [REVOKE]: [[END_FAMILY, 'grant.ended = true\n']] },
      tells: 'access-alone',
    },
    {
      what: 'only access tokens end',
      changes: { [REVOKE]: [[`      ${END_FAMILY}`, '']] },
      tells: 'refresh-ends',
    },
    {
      what: 'the refresh token ends, and its access tokens live on',
      changes: {
        [REVOKE]: [[END_FAMILY, 'if (family !== undefined) store.families.delete(family.id)\n']],
      },
      tells: 'refresh-ends',
    },
    {
      what: 'a used refresh token is unknown',
      changes: {
        [REVOKE]: [
          [
            UNKNOWN,
            'if (family !== undefined && token !== family.id + family.secret) return reply.send()\n      ' +
              UNKNOWN,
          ],
        ],
      },
      tells: 'used-ends',
    },
    {
      what: 'a refresh token ends every login of its user',
      changes: {
        [REVOKE]: [
          [
            '  app.post<',
            '  const all: any[] = []\n  const set = store.families.set.bind(store.families)\n  store.families.set = (key, family, ttl) => set(key, all[all.push(family) - 1], ttl)\n  app.post<',
          ],
          [
            END_FAMILY,
            'if (family !== undefined) for (const one of all) one.grant.ended ||= one.grant.user === grant.user\n',
          ],
        ],
      },
      tells: 'one-login',
    },
    {
      what: 'the hint decides where the server looks',
      changes: {
        [REVOKE]: [
          [FIND_FAMILY, `form.token_type_hint === 'access_token' ? undefined : ${FIND_FAMILY}`],
        ],
      },
      tells: 'any-hint',
    },
    {
      what: 'an unknown hint is an error',
      changes: {
        [REVOKE]: [
          [
            TOKEN_PARAMETER,
            `if (form.token_type_hint === 'x') throw new OAuthError('invalid_request', 'unknown hint')\n      ${TOKEN_PARAMETER}`,
          ],
        ],
      },
      tells: 'any-hint',
    },
    {
      what: 'an expired refresh token still ends its login',
      changes: { [REVOKE]: [[' || isExpired', '']] },
      tells: 'expired',
    },
    {
      what: 'a revocation forgets what the user allowed',
      changes: {
        [REVOKE]: [
          [
            END_FAMILY,
            `${END_FAMILY}      store.allowedScopes.delete(\`\${grant.user.user_id} \${grant.client_id}\`)\n`,
          ],
        ],
      },
      tells: 'together',
    },
    {
      what: "another client's token ends",
      changes: { [REVOKE]: [[IS_OTHER, "if (grant.client_id === '') {"]] },
      tells: 'other-client',
    },
    {
      what: "another client's token is an unknown one",
      changes: {
        [REVOKE]: [
          [
            IS_OTHER,
            `if (grant.client_id !== client.client_id) return reply.send()\n      ${IS_OTHER}`,
          ],
        ],
      },
      tells: 'other-client',
    },
    {
      what: "another client's token is rejected, but it ends all the same",
      changes: {
        [REVOKE]: [[IS_OTHER, `${IS_OTHER}\n        grant.ended = true`]],
      },
      tells: 'other-client',
    },
    {
      what: 'a logout tells the server nothing',
      changes: { [LOGOUT]: [[TELL, '']] },
      tells: 'logout-revokes',
    },
    {
      what: 'a logout revokes the access token alone',
      changes: { [REVOCATION]: [[CHOOSE, 'token: access_token ?? refresh_token']] },
      tells: 'logout-revokes',
    },
    {
      what: 'the tokens are read after the session has ended',
      changes: {
        [LOGOUT]: [
          ['    const { tokens } = request.session\n', ''],
          [TELL, '    await request.session?.tokens?.revoke()\n'],
        ],
      },
      tells: 'logout-revokes',
    },
    {
      what: 'the client does not authenticate',
      changes: {
        [REVOCATION]: [
          ['      authorization: basicAuthorization(config.clientId, config.clientSecret),\n', ''],
        ],
      },
      tells: 'logout-revokes',
    },
    {
      what: 'the revocation request has no content type',
      changes: {
        [REVOCATION]: [["      'content-type': 'application/x-www-form-urlencoded',\n", '']],
      },
      tells: 'logout-revokes',
    },
    {
      what: 'the token is in a parameter of another name',
      changes: {
        [REVOCATION]: [
          [
            'new URLSearchParams(revocationRequest)',
            'new URLSearchParams({ refresh_token: revocationRequest.token })',
          ],
        ],
      },
      tells: 'logout-revokes',
    },
    {
      what: 'the client wants JSON from the revocation endpoint',
      changes: { [REVOCATION]: [['    ignoreBody: true,\n', '']] },
      tells: 'logout-revokes',
    },
    {
      what: 'the client wants an empty body',
      changes: {
        [REVOCATION]: [
          [CONFIRMED, 'if (response?.status === 200 && !Object.keys(response.body).length) return'],
        ],
      },
      tells: 'any-body',
    },
    {
      what: 'the logout revokes the tokens of the login, not the newest',
      changes: {
        [MANAGER]: [
          ['  #isRevoked = false\n', '  #isRevoked = false\n  #first: AccessTokenResponse\n'],
          ['    this.#tokens = tokens\n', '    this.#tokens = tokens\n    this.#first = tokens\n'],
          [
            'revokeTokens(this.#config, this.#tokens)',
            'revokeTokens(this.#config, this.#isRevoked && this.#renewal ? this.#tokens : this.#first)',
          ],
        ],
      },
      tells: 'logout-newest',
    },
    {
      what: 'without a refresh token there is nothing to revoke',
      changes: {
        [REVOCATION]: [
          [
            '  const revocationRequest',
            '  if (refresh_token === undefined) return\n  const revocationRequest',
          ],
        ],
      },
      tells: 'logout-access',
    },
    {
      what: 'the server is told first',
      changes: { [LOGOUT]: [[DESTROY + TELL, TELL + DESTROY]] },
      tells: 'session-first',
    },
    {
      what: 'nobody learns that the server could not be told',
      changes: { [LOGOUT]: [[TELL, '    await tokens?.revoke().catch(() => undefined)\n']] },
      tells: 'untold',
    },
    {
      what: 'the logout does not wait for the server',
      changes: {
        [LOGOUT]: [
          [
            TELL,
            '    tokens?.revoke().catch(() => undefined)\n    await new Promise((go) => setTimeout(go, 50))\n',
          ],
        ],
      },
      tells: 'untold',
    },
    {
      what: 'any response is a yes',
      changes: { [REVOCATION]: [[CONFIRMED, 'if (response !== undefined) return']] },
      tells: 'untold',
    },
    {
      what: 'any response of 200 to 299 is a yes',
      changes: { [REVOCATION]: [[CONFIRMED, 'if (response && response.status < 300) return']] },
      tells: 'untold',
    },
    {
      what: 'the page has status 200',
      changes: { [REVOCATION]: [['new PageError(502', 'new PageError(200']] },
      tells: 'untold',
    },
    {
      what: 'a rejection means that there was nothing to end',
      changes: {
        [REVOCATION]: [[CONFIRMED, 'if (response && response.status < 500) return']],
      },
      tells: 'untold',
    },
    {
      what: 'the page is that of any request without a response',
      changes: { [REVOCATION]: [[FAILS, '\n  if']] },
      tells: 'untold-page',
    },
    {
      what: 'the page does not say what may still work',
      changes: { [REVOCATION]: [[` This may still work: ${'$'}{alive}.`, '']] },
      tells: 'untold-page',
    },
    {
      what: 'the page says "for up to undefined seconds"',
      changes: { [REVOCATION]: [["expires_in === undefined ? 'until it expires' : ", '']] },
      tells: 'untold-page',
    },
    {
      what: 'the page names a refresh token that was never issued',
      changes: { [REVOCATION]: [['alive = refresh_token\n', 'alive = true\n']] },
      tells: 'untold-page',
    },
    {
      what: 'the page leads nowhere',
      changes: { [REVOCATION]: [["href: '/'", "href: '#'"]] },
      tells: 'untold-page',
    },
    {
      what: 'the page shows the token that is still alive',
      changes: {
        [REVOCATION]: [['This may still work: ', `This may still work: ${'$'}{access_token} `]],
      },
      tells: 'untold-page',
    },
    {
      what: 'the tokens of a late exchange are thrown away',
      changes: { [CALLBACK]: [[LATE_EXCHANGE, '']] },
      tells: 'late-exchange',
    },
    {
      what: 'a late exchange leads to the profile',
      changes: {
        [CALLBACK]: [
          [
            `${LATE_EXCHANGE}      return reply.redirect('/'`,
            `${LATE_EXCHANGE}      return reply.redirect('/profile'`,
          ],
        ],
      },
      tells: 'late-exchange',
    },
    {
      what: 'the tokens of a late refresh are thrown away',
      changes: { [MANAGER]: [[LATE_REFRESH, '    throw']] },
      tells: 'late-refresh',
    },
    {
      what: 'a late refresh revokes only what it brought',
      changes: {
        [MANAGER]: [[LATE_REFRESH, '    await revokeTokens(this.#config, tokens)\n    throw']],
      },
      tells: 'late-refresh',
    },
    {
      what: 'a late refresh revokes what was there before',
      changes: {
        [MANAGER]: [
          [
            LATE_REFRESH,
            '    await revokeTokens(this.#config, { ...this.#tokens, refresh_token })\n    throw',
          ],
        ],
      },
      tells: 'late-refresh',
    },
    {
      what: 'a late refresh breaks the page that waited for it',
      changes: { [MANAGER]: [["TokenRequestRefused(401, 'Logged out', ", 'Error(']] },
      tells: 'late-refresh',
    },
    {
      what: 'the logout waits for a running refresh',
      changes: {
        [MANAGER]: [
          ['  revoke(): Promise<void> {\n', '  async revoke(): Promise<void> {\n'],
          [FLAG, '    await this.#renewal?.catch(() => undefined)\n'],
        ],
      },
      tells: 'late-refresh',
    },
    {
      what: 'nobody learns that the tokens of a late refresh could not be revoked',
      changes: {
        [MANAGER]: [[LATE_REFRESH, '    await this.revoke().catch(() => undefined)\n    throw']],
      },
      tells: 'late-untold',
    },
    {
      what: 'nobody learns that late tokens could not be revoked',
      changes: {
        [CALLBACK]: [[LATE_EXCHANGE, LATE_EXCHANGE.replace(')\n', ').catch(() => undefined)\n')]],
      },
      tells: 'late-untold',
    },
    {
      what: 'a login revokes the old tokens before it has new ones',
      changes: {
        [CALLBACK]: [
          [
            '    // RFC 6749 section 4.1.2.1\n',
            `    ${REPLACE}\n    // RFC 6749 section 4.1.2.1\n`,
          ],
        ],
      },
      tells: 'failed-login-keeps',
    },
    {
      what: 'a new login just forgets the old tokens',
      changes: { [CALLBACK]: [[`    ${REPLACE}\n`, '']] },
      tells: 'replaces',
    },
    {
      what: 'a new login looks for the old tokens in the new session',
      changes: {
        [CALLBACK]: [
          [`    ${REPLACE}\n`, ''],
          [
            '    await request.session.regenerate()\n',
            `    await request.session.regenerate()\n    ${REPLACE}\n`,
          ],
        ],
      },
      tells: 'replaces',
    },
    {
      what: 'a new login revokes its own tokens',
      changes: {
        [CALLBACK]: [
          [
            REPLACE,
            `${REPLACE}\n    if (request.session.tokens) await revokeTokens(config, tokenResponse)`,
          ],
        ],
      },
      tells: 'replaces',
    },
    {
      what: 'a new login fails when the old tokens cannot be revoked',
      changes: { [CALLBACK]: [[REPLACE, REPLACE.replace('.catch(() => undefined)', '')]] },
      tells: 'replaces-anyway',
    },
    {
      what: 'the old tokens are revoked after the look for a logout',
      changes: {
        [CALLBACK]: [
          [`    ${REPLACE}\n`, ''],
          [
            '    // A new session ID: someone',
            `    ${REPLACE}\n\n    // A new session ID: someone`,
          ],
        ],
      },
      tells: 'late-replace',
    },
    {
      what: 'the 401 page says what it always said',
      changes: {
        [API]: [['was ended or has run out: its token has expired', 'token has expired']],
      },
      tells: 'ended-page',
    },
    {
      what: 'the link on the 401 page is the one for everybody',
      changes: { [API]: [[CONNECT, 'logIn']] },
      tells: 'ended-page',
    },
    {
      what: 'the 401 page leads on by itself',
      changes: {
        'client/routes/profile.ts': [
          [
            '    const user = await fetchUserInfo(config, request.session)\n',
            "    const hadTokens = request.session.tokens !== undefined\n    const user = await fetchUserInfo(config, request.session).catch((error) => {\n      if (hadTokens && error.status === 401) return reply.redirect('/login')\n      throw error\n    })\n    if (reply.sent) return reply\n",
          ],
        ],
      },
      tells: 'ended-page',
    },
    {
      what: 'everybody connects again',
      changes: { [API]: [["text: 'Log in' }", "text: 'Connect again' }"]] },
      tells: 'ended-forgets',
    },
    {
      what: 'the access of someone without tokens has ended',
      changes: {
        [API]: [
          [
            "'token missing from session'",
            "'The access was ended or has run out: token missing from session'",
          ],
        ],
      },
      tells: 'ended-forgets',
    },
    {
      what: 'a refresh without a response counts as rejected',
      changes: {
        [MANAGER]: [
          [
            'if (error instanceof TokenRequestRefused) return',
            "if (!(error as Error).message.includes('logged out')) return",
          ],
        ],
      },
      tells: 'refresh-nonsense',
    },
    {
      what: 'what was ended is not forgotten',
      changes: { [API]: [[FORGET, '']] },
      tells: 'ended-forgets',
    },
  ],
}
