import { type Change, part } from '../draft.ts'
import type { Exercise } from '../exercise-start.ts'

const API = 'client/api.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const CALLBACK = 'client/routes/callback.ts'
const CONSENT_PAGE = 'server/views/consent.eta'
const HOME = 'client/routes/home.ts'
const LOGIN = 'client/routes/login.ts'
const MANAGER = 'client/token-manager.ts'
const PROFILE = 'client/routes/profile.ts'
const PROFILE_PAGE = 'client/views/profile.eta'
const SESSION = 'client/session.ts'
const STORE = 'server/store.ts'
const TOKEN_REQUEST = 'client/token-request.ts'

const TICKED = "      const ticked = valuesOf(form, 'scope')\n"
const ALLOWED =
  '      const allowed = allowedScopesOf(store, login.user, authorizationRequest.client_id)\n'
const DECISION = "      // RFC 6749 section 4.1.2.1\n      if (soleParameter(form, 'decision')"
const CODE_FOR_TICKED = '{ ...authorizationRequest, scopes }'
const NO_PROFILE = '  if (status === 403) return undefined\n'
const WAY_BACK = "wayBack: isForEmail ? '/email' : '/profile',"

/** The client as it is before a login has a way back. */
const NO_WAY_BACK = {
  [CALLBACK]: [
    ['const { scope, wayBack } = pendingLogin', 'const { scope } = pendingLogin'],
    ['reply.redirect(wayBack, 303)', "reply.redirect('/profile', 303)"],
  ],
  [LOGIN]: [[`      ${WAY_BACK}\n`, '']],
  [SESSION]: [
    ["  /** The page that the login leads to. */\n  wayBack: '/profile' | '/email'\n", ''],
  ],
} satisfies Record<string, Change[]>

/** The calls of the API as they are before the client does without the user name. */
const NAME_NEEDED: Change[] = [
  [" Returns undefined when the token doesn't cover that.", ''],
  [
    '  session: Session,\n): Promise<UserInfo | undefined> {',
    '  session: Session,\n): Promise<UserInfo> {',
  ],
  [NO_PROFILE, ''],
]

export const exercise: Exercise = {
  steps: [
    (draft) => {
      const text = draft.final(AUTHORIZE)
      draft.take(STORE)
      draft.take(
        AUTHORIZE,
        ['queryOf, soleParameter, valuesOf }', 'queryOf, soleParameter }'],
        ['consent, asked }', 'consent }'],
        [part(text, TICKED, ALLOWED), ''],
        [part(text, '      const scopes = ', DECISION), ''],
        [' || scopes.length === 0', ''],
        ['of scopes) allowed.add', 'of authorizationRequest.scopes) allowed.add'],
        [CODE_FOR_TICKED, 'authorizationRequest'],
      )
    },
    (draft) => {
      for (const path of [AUTHORIZE, CONSENT_PAGE]) draft.take(path)
    },
    (draft) => {
      for (const path of [TOKEN_REQUEST, MANAGER]) draft.take(path)
      for (const path of [SESSION, CALLBACK] as const) draft.take(path, ...NO_WAY_BACK[path])
      const text = draft.final(LOGIN)
      draft.take(
        LOGIN,
        ["import { type Parameters, soleParameter } from '@oauth-lab/shared/parameters.ts'\n", ''],
        ['app.get<{ Querystring: Parameters }>', 'app.get'],
        [part(text, '    // An address in the request', '    const covered'), ''],
        ["[...covered, isForEmail ? 'email' : 'profile']", "[...covered, 'profile']"],
        ...NO_WAY_BACK[LOGIN],
      )
      draft.take(
        API,
        ...NAME_NEEDED,
        [' It would only show it to you here.', ''],
        [
          "{ href: '/login?for=email', text: 'Allow it' }",
          "{ href: '/profile', text: 'Your profile' }",
        ],
      )
    },
    (draft) => {
      draft.take(LOGIN, ...NO_WAY_BACK[LOGIN])
      draft.take(API, ...NAME_NEEDED)
    },
    (draft) => {
      for (const path of [SESSION, LOGIN, CALLBACK]) draft.take(path)
    },
    (draft) => {
      for (const path of [API, PROFILE, HOME, PROFILE_PAGE]) draft.take(path)
    },
  ],
}
