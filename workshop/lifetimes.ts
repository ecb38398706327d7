import { ConfigError, readConfig } from '@oauth-lab/shared/config.ts'
import { PageTrouble } from './page-trouble.ts'

/** The settings of lifetimes, and what each is about. */
export const LIFETIMES = {
  CODE_TTL: 'codes',
  ACCESS_TOKEN_TTL: 'access tokens',
  REFRESH_TOKEN_TTL: 'refresh tokens',
  SESSION_TTL: 'client sessions',
} as const

/** The lifetimes in a running version, in seconds as in the settings. The others have their defaults. */
export type Lifetimes = { readonly [name in keyof typeof LIFETIMES]?: string }

const NAMES = Object.keys(LIFETIMES) as (keyof typeof LIFETIMES)[]
/** A setting before a command, or in a sentence. */
export const SETTING = `(?:${NAMES.join('|')})=[\\d.]*\\d`

/** The lifetimes among some settings. An empty one counts as not set. */
export function lifetimesAmong(settings: Record<string, unknown>): Lifetimes {
  const named = NAMES.flatMap((name) => {
    const value = String(settings[name] ?? '').trim()
    return value === '' ? [] : [[name, value]]
  })
  return Object.fromEntries(named)
}

/** All settings of lifetimes. Defaults are set to an empty value, which overrides the environment. */
export function settingsOf(lifetimes: Lifetimes): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, lifetimes[name] ?? '']))
}

/**
 * The lifetimes among the fields of a form.
 *
 * @throws {PageTrouble} that says which lifetimes are allowed
 */
export function readLifetimes(fields: Record<string, unknown>): Lifetimes {
  const lifetimes = lifetimesAmong(fields)
  try {
    readConfig(lifetimes)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new PageTrouble(400, error.message)
  }
  return lifetimes
}

/** The lifetimes that a text sets, such as `ACCESS_TOKEN_TTL=20 npm start v05`. */
export function lifetimesIn(text: string): Lifetimes {
  const settings = text.match(new RegExp(SETTING, 'g')) ?? []
  return lifetimesAmong(Object.fromEntries(settings.map((setting) => setting.split('='))))
}

/** Such as `access tokens live for 20 s`, or empty if all are defaults. */
export function tellLifetimes(lifetimes: Lifetimes): string {
  return NAMES.filter((name) => lifetimes[name] !== undefined)
    .map((name) => `${LIFETIMES[name]} live for ${lifetimes[name]} s`)
    .join(', ')
}
