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
