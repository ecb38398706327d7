import { OAuthError } from './oauth.ts'

/** A parsed query or form. A name that came more than once has an array. */
export type Parameters = Record<string, string | string[] | undefined>

/** Reads the text of a query or a form. RFC 6749 appendix B */
export function parseParameters(text: string): Parameters {
  const parameters: Parameters = Object.create(null)
  for (const [name, slice] of new URLSearchParams(text)) {
    // A copy: a slice that is kept, such as a code, would keep the text of its whole request.
    const value = Buffer.from(slice).toString()
    const before = parameters[name]
    if (before === undefined) parameters[name] = value
    else if (Array.isArray(before)) before.push(value)
    else parameters[name] = [before, value]
  }
  return parameters
}

/**
 * The value of one parameter, or undefined. One without a value counts as absent, and one that
 * nobody asks for is never looked at. RFC 6749 sections 3.1 and 3.2
 *
 * @throws {OAuthError} `invalid_request` when it came more than once
 */
export function parameter(parameters: Parameters, name: string): string | undefined {
  const values = valuesOf(parameters, name)
  if (values.length > 1) throw new OAuthError('invalid_request', `${name} is given more than once`)
  return values[0]
}

/** The value of a parameter that came exactly once, or else undefined. */
export function soleParameter(parameters: Parameters, name: string): string | undefined {
  const values = valuesOf(parameters, name)
  return values.length === 1 ? values[0] : undefined
}

/**
 * The value of a parameter that has to be there.
 *
 * @throws {OAuthError} `invalid_request` when it is missing or came more than once
 */
export function requiredParameter(parameters: Parameters, name: string): string {
  const value = parameter(parameters, name)
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing`)
  return value
}

function valuesOf(parameters: Parameters, name: string): string[] {
  const value = parameters[name]
  if (Array.isArray(value)) return value.filter((one) => one !== '')
  return value ? [value] : []
}
