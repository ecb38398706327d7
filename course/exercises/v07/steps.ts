import { type Change, drop } from '../copy-draft.ts'
import type { ExerciseStep } from '../exercise-start.ts'

const APP = 'server/app.ts'
const AUTHORIZE = 'server/routes/authorize.ts'
const CONSENT_PAGE = 'server/views/consent.eta'

const FIND_LOGIN = '    const { login } = request.session\n    if (login === undefined) return'
const CONSENT_ENDPOINT =
  "  app.post<{ Querystring: Parameters; Body: Parameters | undefined }>(\n    '/consent',"
const ISSUE = '    const consent = issueConsent(login, authorizationRequest, store.codeTtl)\n'

/** The server's routes before it rejects forms from other sites, and before the logout. */
const NO_HOOK: Change[] = [
  drop("import { refuseForeignForms } from './same-origin.ts'\n"),
  drop("    pages.addHook('onRequest', refuseForeignForms)\n"),
]
const NO_LOGOUT: Change[] = [
  drop("import { logoutRoute } from './routes/logout.ts'\n"),
  drop('    pages.register(logoutRoute)\n'),
]
const NO_VALUES_KEPT = drop(
  '  /** The consent pages without an answer, by the value on the page. */\n  consents: Map<string, { request: string; expiresAt: number }>\n',
)
const NO_NOT_YOU = drop(
  '      <form class="corner" method="post" action="/logout<%= it.query %>">\n        <button class="quiet">Not you?</button>\n      </form>\n',
)
const NO_VALUE_SENT = drop(
  '        <input type="hidden" name="consent" value="<%= it.consent %>">\n',
)

/** The routes while a consent page has no value, and nothing handles its form. */
const NO_CONSENT: Change[] = [
  drop(CONSENT_ENDPOINT, '  // RFC 6749 section 4.1.2.1\n  app.setErrorHandler'),
  drop("import { issueConsent, useConsent } from '../consent.ts'\n"),
  drop("import { PageError } from '@oauth-lab/shared/page-error.ts'\n"),
  ['{ user, consents: new Map() }', '{ user }'],
]

export const steps: ExerciseStep[] = [
  (draft) => {
    const showLogin = '    return showLogin(reply, authorizationRequest)\n'
    draft.take(AUTHORIZE, ...NO_CONSENT, [FIND_LOGIN, showLogin, '  })\n'])
    draft.take(APP, ...NO_HOOK, ...NO_LOGOUT)
    draft.take('server/session.ts', NO_VALUES_KEPT)
    draft.take('server/views/login.eta')
  },
  (draft) => {
    draft.take(AUTHORIZE, ...NO_CONSENT, drop(ISSUE), [
      'scopeMeanings, consent }',
      'scopeMeanings }',
    ])
    draft.take(CONSENT_PAGE, NO_NOT_YOU, NO_VALUE_SENT)
  },
  (draft) => {
    draft.takeAll('server/consent.ts', 'server/session.ts', AUTHORIZE)
    draft.take(CONSENT_PAGE, NO_NOT_YOU)
  },
  (draft) => {
    draft.take('server/same-origin.ts')
    draft.take(APP, ...NO_LOGOUT)
  },
  (draft) => draft.takeAll('server/routes/logout.ts', APP, CONSENT_PAGE),
]
