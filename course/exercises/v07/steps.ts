import { type Change, type Draft, part } from '../draft.ts'
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
  ["import { refuseForeignForms } from './same-origin.ts'\n", ''],
  ["    pages.addHook('onRequest', refuseForeignForms)\n", ''],
]
const NO_LOGOUT: Change[] = [
  ["import { logoutRoute } from './routes/logout.ts'\n", ''],
  ['    pages.register(logoutRoute)\n', ''],
]
const NO_VALUES_KEPT: Change = [
  '  /** The consent pages without an answer, by the value on the page. */\n  consents: Map<string, { request: string; expiresAt: number }>\n',
  '',
]
const NO_NOT_YOU: Change = [
  '      <form class="corner" method="post" action="/logout<%= it.query %>">\n        <button class="quiet">Not you?</button>\n      </form>\n',
  '',
]
const NO_VALUE_SENT: Change = [
  '        <input type="hidden" name="consent" value="<%= it.consent %>">\n',
  '',
]

/** The routes while a consent page has no value, and nothing handles its form. */
function takeRoutes(draft: Draft, ...changes: Change[]): void {
  const endpoint = part(
    draft.final(AUTHORIZE),
    CONSENT_ENDPOINT,
    '  // RFC 6749 section 4.1.2.1\n  app.setErrorHandler',
  )
  draft.take(
    AUTHORIZE,
    [endpoint, ''],
    ["import { issueConsent, useConsent } from '../consent.ts'\n", ''],
    ["import { PageError } from '@oauth-lab/shared/page-error.ts'\n", ''],
    ['{ user, consents: new Map() }', '{ user }'],
    ...changes,
  )
}

export const steps: ExerciseStep[] = [
  (draft) => {
    const answer = part(draft.final(AUTHORIZE), FIND_LOGIN, '  })\n')
    takeRoutes(draft, [answer, '    return showLogin(reply, authorizationRequest)\n'])
    draft.take(APP, ...NO_HOOK, ...NO_LOGOUT)
    draft.take('server/session.ts', NO_VALUES_KEPT)
    draft.take('server/views/login.eta')
  },
  (draft) => {
    takeRoutes(draft, [ISSUE, ''], ['scopeMeanings, consent }', 'scopeMeanings }'])
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
