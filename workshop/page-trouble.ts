/** An error page with this message. */
export class PageTrouble extends Error {
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/**
 * A value that was looked for.
 *
 * @param words the message if it isn't there
 * @throws {PageTrouble} with these words
 */
export function found<T>(value: T | undefined, words: string): T {
  if (value === undefined) throw new PageTrouble(404, words)
  return value
}

/**
 * The one with this name.
 *
 * @param what such as `lesson`
 * @throws {PageTrouble} with all names, if there is none
 */
export function foundByName<T>(all: T[], nameOf: (one: T) => string, name: string, what: string) {
  const names = all.map(nameOf).join(', ')
  return found(
    all.find((one) => nameOf(one) === name),
    `There is no ${what} with that name. Choose one of these: ${names}.`,
  )
}
