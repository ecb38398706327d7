import type { Attack, AttackFile } from '../attack.ts'

/** Every attack by the name of its file, in the order in which they are shown. */
const SLUGS = [
  'redirect-uri-near-miss',
  'open-redirect',
  'redirect-307',
  'login-page-in-frame',
  'reflected-script',
  'referer-leak',
  'code-without-secret',
  'code-of-another-client',
  'code-twice',
  'late-code',
  'login-csrf',
  'foreign-state',
  'state-replay',
  'code-swap',
  'code-injection',
  'code-theft',
  'pkce-downgrade',
  'token-on-page',
  'session-fixation',
  'logout-by-link',
  'logout-by-form',
  'cookie-after-logout',
  'token-injection',
  'token-an-hour-later',
  'refresh-token-theft',
  'refresh-token-of-another-client',
  'used-code-logout',
  'over-broad-token',
  'scope-upgrade',
  'consent-csrf',
  'login-csrf-at-server',
  'session-fixation-at-server',
  'scope-creep',
  'return-address',
  'token-after-logout',
  'refresh-token-after-logout',
  'revoke-foreign-token',
  'logout-unheard',
  'thief-with-everything',
  'disconnect-csrf',
  'worker-as-user',
  'grant-not-registered',
  'client-named-like-a-user',
  'token-scanning',
  'breached-api',
  'attackers-login-link',
  'login-page-address',
  'password-guessing',
  'secret-guessing',
  'logout-from-next-door',
  'cookie-tossing',
  'stolen-token',
  'shared-computer',
]

export const attacks: Attack[] = await Promise.all(
  SLUGS.map(async (slug) => {
    const { attack }: { attack: AttackFile } = await import(
      new URL(`${slug}.ts`, import.meta.url).href
    )
    return { slug, ...attack }
  }),
)
