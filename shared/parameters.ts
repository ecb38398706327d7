import { OAuthError } from './oauth.ts'

/** One value, or null if its percent-encoding isn't UTF-8. */
type Value = string | null

/** A parsed query or form. A name that came more than once has an array. */
export type Parameters = Record<string, Value | Value[] | undefined>

/** Reads the text of a query or a form. RFC 6749 appendix B */
export function parseParameters(text: string): Parameters {
  const parameters: Parameters = Object.create(null)
  for (const pair of text.split('&')) {
    const [name = '', ...rest] = pair.split('=')
    const key = decode(name)
    if (!key) continue
    const value = decode(rest.join('='))
    const before = parameters[key]
    if (before === undefined) parameters[key] = value
    else if (Array.isArray(before)) before.push(value)
    else parameters[key] = [before, value]
  }
  return parameters
}

/** Null for a value that isn't UTF-8: the server could not send it back unchanged. */
function decode(text: string): Value {
  // A percent sign that starts no escape stands for itself.
  const escaped = text.replaceAll('+', ' ').replace(/%(?![\da-f]{2})/gi, '%25')
  try {
    // A copy: a slice, such as a stored code, would keep the text of the whole request in memory.
    return Buffer.from(decodeURIComponent(escaped)).toString()
  } catch {
    return null
  }
}

/**
 * The value of one parameter, or undefined. An empty value counts as absent, and unknown parameters are
 * ignored. RFC 6749 sections 3.1 and 3.2
 *
 * @throws {OAuthError} `invalid_request` if it came more than once, or isn't UTF-8
 */
export function parameter(parameters: Parameters, name: string): string | undefined {
  const values = valuesOf(parameters, name)
  if (values.length > 1) throw new OAuthError('invalid_request', `${name} is given more than once`)
  if (values[0] === null) throw new OAuthError('invalid_request', `${name} is not UTF-8`)
  return values[0]
}

/** The query of a request's URL, with its question mark. Empty without one. */
export function queryOf(url: string): string {
  return new URL(url, 'http://localhost').search
}

/** The value of a parameter that came exactly once and is UTF-8, or else undefined. */
export function soleParameter(parameters: Parameters, name: string): string | undefined {
  const values = valuesOf(parameters, name)
  return values.length === 1 ? (values[0] ?? undefined) : undefined
}

/**
 * The value of a required parameter.
 *
 * @throws {OAuthError} `invalid_request` if it is missing, came more than once, or isn't UTF-8
 */
export function requiredParameter(parameters: Parameters, name: string): string {
  const value = parameter(parameters, name)
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing`)
  return value
}

/** All values of a parameter but the empty ones. */
export function valuesOf(parameters: Parameters, name: string): Value[] {
  const value = parameters[name]
  const values = value === undefined ? [] : [value].flat()
  return values.filter((one) => one !== '')
}
