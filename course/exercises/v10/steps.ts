import { type Change, drop, END } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const ACCOUNT = 'server/routes/account.ts'
const ACCOUNT_PAGE = 'server/views/account.eta'
const STORE = 'server/store.ts'
const IS_WRONG = '!sameSecret(csrf, login.csrf) ||'
const DISCONNECTS = '!disconnect(store, login.user, client_id)'
const CODES_END = 'codes: new ExpiringMap(100_000, hasEnded)'
const LEAD_BACK = "    return reply.redirect('/account', 303)\n  })\n}\n"
const DISCONNECT = '    if (login !== undefined) disconnect(store, login.user, client_id)\n'

/** The session before it has a value for its pages. */
const NO_CSRF: Change = [', csrf: randomToken() }', ' }']

/** The page before it has "Log out". */
const NO_LOGOUT = drop('      <form class="corner"', '      <p>You are')
/** The page while nobody can disconnect a client. */
const NO_DISCONNECT: Change[] = [
  drop("import { PageError } from '@oauth-lab/shared/page-error.ts'\n"),
  drop("import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n"),
  drop("import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n"),
  NO_CSRF,
  ["\n  app.post<{ Body: Parameters | undefined }>('/account/disconnect'", '}\n', END],
]

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll('server/app.ts', 'server/views/login.eta', 'server/views/home.eta')
    draft.take(
      ACCOUNT,
      ...NO_DISCONNECT,
      drop("import { scopeMeanings } from '../scopes.ts'\n"),
      ['allowedScopesOf, disconnect, type Store', 'type Store'],
      drop('\n    const connections', "    return reply.view('account.eta'"),
      ["return reply.view('account.eta', page)", "return reply.view('account.eta', login.user)"],
    )
    draft.take(ACCOUNT_PAGE, NO_LOGOUT, drop('<% if (it.connections', END))
  },
  (draft) => {
    draft.take(
      ACCOUNT,
      ...NO_DISCONNECT,
      ['allowedScopesOf, disconnect, type Store', 'allowedScopesOf, type Store'],
      drop('csrf: login.csrf, '),
    )
    draft.take(
      ACCOUNT_PAGE,
      NO_LOGOUT,
      drop(
        '      <form method="post" action="/account/disconnect"',
        '        <p><strong><%= client_id',
      ),
      drop('        <p class="decision"', '<% } %>'),
    )
  },
  (draft) => {
    draft.take(
      ACCOUNT,
      drop("import { PageError } from '@oauth-lab/shared/page-error.ts'\n"),
      drop("import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n"),
      drop('csrf: login.csrf, '),
      NO_CSRF,
      drop("    const csrf = soleParameter(form, 'csrf') ?? ''\n"),
      ['    // RFC 6749 section 10.12', DISCONNECT, LEAD_BACK],
    )
    draft.take(
      ACCOUNT_PAGE,
      NO_LOGOUT,
      drop('        <input type="hidden" name="csrf" value="<%= it.csrf %>">\n'),
    )
    draft.take(
      STORE,
      drop('  /** Everything the user allows', '  /** When the user'),
      [CODES_END, CODES_END.replace(', hasEnded', '')],
      drop(', and so ends every code and token that stands for it'),
      drop('  // The next yes', '  store.allowedScopes.delete(key)\n'),
      drop('  allowed.clear()\n'),
      ['return grant.ended || grant.allowed.size === 0', 'return grant.ended'],
    )
  },
  (draft) => {
    draft.take(STORE)
    draft.take('server/routes/authorize.ts', NO_CSRF)
  },
  (draft) => {
    draft.takeAll('server/session.ts', 'server/routes/authorize.ts')
    draft.take(
      ACCOUNT,
      ['login === undefined ||', 'login !== undefined &&'],
      [`${IS_WRONG}\n      ${DISCONNECTS}`, IS_WRONG.replace(' ||', '')],
      [LEAD_BACK, DISCONNECT + LEAD_BACK],
    )
    draft.take(ACCOUNT_PAGE, NO_LOGOUT)
  },
  (draft) => draft.take(ACCOUNT),
  (draft) => draft.takeAll('server/routes/logout.ts', ACCOUNT_PAGE),
]
