import { OAuthError } from '@oauth-lab/shared/oauth.ts'

/** The scopes of this server, in the words that its pages use. */
export const scopeMeanings: Record<string, string> = {
  profile: 'see your user name',
  email: 'see your email address',
  'stats:read': 'count the users',
}

/**
 * Returns the names in a scope parameter, each of them once. RFC 6749 section 3.3
 *
 * @throws {OAuthError} `invalid_scope` when it is malformed or lists a name that isn't allowed
 */
export function readScopes(scope: string, allowed: string[]): string[] {
  const scopes = [...new Set(scope.split(' '))]
  if (scopes.every((name) => allowed.includes(name))) return scopes
  throw new OAuthError('invalid_scope', `scope may list only these: ${allowed.join(' ')}`)
}
