import { hash } from 'node:crypto'
import { randomToken } from '@oauth-lab/shared/secrets.ts'
import type { AuthorizationRequest } from '../protocol.ts'
import type { Login } from './session.ts'

/** The most consent pages of a session that can be answered. The newest ones count. */
const MOST_PAGES = 20

/** Returns the value of a consent page. It proves that someone saw the page, for ttl seconds. */
export function issueConsent(login: Login, request: AuthorizationRequest, ttl: number): string {
  const consent = randomToken()
  const expiresAt = performance.now() + ttl * 1000
  login.consents.set(consent, { request: digest(request), expiresAt })
  const [oldest = ''] = login.consents.keys()
  if (login.consents.size > MOST_PAGES) login.consents.delete(oldest)
  return consent
}

/** Whether the value is from a page for this request. It works once. */
export function useConsent(login: Login, request: AuthorizationRequest, consent: string): boolean {
  const issued = login.consents.get(consent)
  if (issued?.request !== digest(request) || issued.expiresAt <= performance.now()) return false
  return login.consents.delete(consent)
}

function digest(request: AuthorizationRequest): string {
  return hash('sha256', JSON.stringify(request), 'base64url')
}
