import { type Change, drop } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const API = 'client/api.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const CALLBACK = 'client/routes/callback.ts'
const LOGIN = 'client/routes/login.ts'
const SESSION = 'client/session.ts'
const ALLOWED =
  '      const allowed = allowedScopesOf(store, login.user, authorizationRequest.client_id)\n'
const DECISION = "      // RFC 6749 section 4.1.2.1\n      if (soleParameter(form, 'decision')"
const WAY_BACK = "wayBack: isForEmail ? '/email' : '/profile',"

/** The client as it is before a login has a way back. */
const NO_WAY_BACK = {
  [CALLBACK]: [
    ['const { scope, wayBack } = pendingLogin', 'const { scope } = pendingLogin'],
    ['reply.redirect(wayBack, 303)', "reply.redirect('/profile', 303)"],
  ],
  [LOGIN]: [drop(`      ${WAY_BACK}\n`)],
  [SESSION]: [
    drop("  /** The page that the login leads to. */\n  wayBack: '/profile' | '/email'\n"),
  ],
} satisfies Record<string, Change[]>

/** The calls of the API as they are before the client does without the user name. */
const NAME_NEEDED: Change[] = [
  drop(" Returns undefined when the token doesn't cover that."),
  [
    '  session: Session,\n): Promise<UserInfo | undefined> {',
    '  session: Session,\n): Promise<UserInfo> {',
  ],
  drop('  if (status === 403) return undefined\n'),
]

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.take('server/store.ts')
    draft.take(
      AUTHORIZE,
      ['queryOf, soleParameter, valuesOf }', 'queryOf, soleParameter }'],
      ['consent, asked }', 'consent }'],
      drop("      const ticked = valuesOf(form, 'scope')\n", ALLOWED),
      drop('      const scopes = ', DECISION),
      drop(' || scopes.length === 0'),
      ['of scopes) allowed.add', 'of authorizationRequest.scopes) allowed.add'],
      ['{ ...authorizationRequest, scopes }', 'authorizationRequest'],
    )
  },
  (draft) => draft.takeAll(AUTHORIZE, 'server/views/consent.eta'),
  (draft) => {
    draft.takeAll('client/token-request.ts', 'client/token-manager.ts')
    for (const path of [SESSION, CALLBACK] as const) draft.take(path, ...NO_WAY_BACK[path])
    draft.take(
      LOGIN,
      drop("import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'\n"),
      ['app.get<{ Querystring: Parameters }>', 'app.get'],
      drop('    // An address in the request', '    const covered'),
      ["[...covered, isForEmail ? 'email' : 'profile']", "[...covered, 'profile']"],
      ...NO_WAY_BACK[LOGIN],
    )
    draft.take(API, ...NAME_NEEDED, drop(' It would only show it to you here.'), [
      "{ href: '/login?for=email', text: 'Allow it' }",
      "{ href: '/profile', text: 'Your profile' }",
    ])
  },
  (draft) => {
    draft.take(LOGIN, ...NO_WAY_BACK[LOGIN])
    draft.take(API, ...NAME_NEEDED)
  },
  (draft) => draft.takeAll(SESSION, LOGIN, CALLBACK),
  (draft) =>
    draft.takeAll(
      API,
      'client/routes/profile.ts',
      'client/routes/home.ts',
      'client/views/profile.eta',
    ),
]
