import { type Change, part } from '../draft.ts'
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
function withoutLogout(page: string): Change {
  return [part(page, '      <form class="corner"', '      <p>You are'), '']
}

export const steps: ExerciseStep[] = [
  (draft) => {
    draft.takeAll('server/app.ts', 'server/views/login.eta', 'server/views/home.eta')
    const text = draft.final(ACCOUNT)
    draft.take(
      ACCOUNT,
      ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
      ["import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
      ["import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n", ''],
      ["import { scopeMeanings } from '../scopes.ts'\n", ''],
      ['allowedScopesOf, disconnect, type Store', 'type Store'],
      [part(text, '\n    const connections', "    return reply.view('account.eta'"), ''],
      ["return reply.view('account.eta', page)", "return reply.view('account.eta', login.user)"],
      NO_CSRF,
      [part(text, "\n  app.post<{ Body: Parameters | undefined }>('/account/disconnect'"), '}\n'],
    )
    const page = draft.final(ACCOUNT_PAGE)
    draft.take(ACCOUNT_PAGE, withoutLogout(page), [part(page, '<% if (it.connections'), ''])
  },
  (draft) => {
    const text = draft.final(ACCOUNT)
    draft.take(
      ACCOUNT,
      ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
      ["import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
      ["import { sessionHasEnded } from '@oauth-lab/shared/session.ts'\n", ''],
      ['allowedScopesOf, disconnect, type Store', 'allowedScopesOf, type Store'],
      ['csrf: login.csrf, ', ''],
      NO_CSRF,
      [part(text, "\n  app.post<{ Body: Parameters | undefined }>('/account/disconnect'"), '}\n'],
    )
    const page = draft.final(ACCOUNT_PAGE)
    draft.take(
      ACCOUNT_PAGE,
      withoutLogout(page),
      [
        part(
          page,
          '      <form method="post" action="/account/disconnect"',
          '        <p><strong><%= client_id',
        ),
        '',
      ],
      [part(page, '        <p class="decision"', '<% } %>'), ''],
    )
  },
  (draft) => {
    const text = draft.final(ACCOUNT)
    draft.take(
      ACCOUNT,
      ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
      ["import { randomToken, sameSecret } from '@oauth-lab/shared/secrets.ts'\n", ''],
      ['csrf: login.csrf, ', ''],
      NO_CSRF,
      ["    const csrf = soleParameter(form, 'csrf') ?? ''\n", ''],
      [part(text, '    // RFC 6749 section 10.12', LEAD_BACK), DISCONNECT],
    )
    const page = draft.final(ACCOUNT_PAGE)
    draft.take(ACCOUNT_PAGE, withoutLogout(page), [
      '        <input type="hidden" name="csrf" value="<%= it.csrf %>">\n',
      '',
    ])
    const store = draft.final(STORE)
    draft.take(
      STORE,
      [part(store, '  /** Everything the user allows', '  /** When the user'), ''],
      [CODES_END, CODES_END.replace(', hasEnded', '')],
      [', and so ends every code and token that stands for it', ''],
      [part(store, '  // The next yes', '  store.allowedScopes.delete(key)\n'), ''],
      ['  allowed.clear()\n', ''],
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
    draft.take(ACCOUNT_PAGE, withoutLogout(draft.final(ACCOUNT_PAGE)))
  },
  (draft) => draft.take(ACCOUNT),
  (draft) => draft.takeAll('server/routes/logout.ts', ACCOUNT_PAGE),
]
