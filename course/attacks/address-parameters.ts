import { CODE_CHALLENGE, type Driver } from '@oauth-lab/shared/testing/driver.ts'

/** The value of a parameter in a URL, or undefined. */
export function parameterOf(url: string, name: string): string | undefined {
  return new URL(url).searchParams.get(name) ?? undefined
}

/** The same URL with some parameters changed. Undefined removes a parameter. */
export function withParameters(url: string, changes: Record<string, string | undefined>): string {
  const changed = new URL(url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) changed.searchParams.delete(name)
    else changed.searchParams.set(name, value)
  }
  return changed.href
}

/** The command-line app, as it is registered with the server. The port of its redirect URI may vary. */
export const CLI = { client_id: 'lab-cli', redirect_uri: 'http://127.0.0.1/callback' }

/** The client's redirect URI with these parameters. */
export function callbackWith(
  { lab }: { lab: Driver },
  parameters: Record<string, string | undefined>,
): string {
  return withParameters(lab.redirectUri, parameters)
}

/** The attacker's own client, as it is registered with the server. */
export const OTHER_CLIENT = {
  client_id: 'other-client',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}

/** An authorization request with the client's parameters, but from other-client. */
export function requestOfOtherClient(authorizationRequest: string, scope = 'profile'): string {
  const changes = { ...OTHER_CLIENT, code_challenge: CODE_CHALLENGE, scope }
  return withParameters(authorizationRequest, changes)
}
