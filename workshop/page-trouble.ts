/** An error page with this message. */
export class PageTrouble extends Error {
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/**
 * What was looked for.
 *
 * @param words what to say when it isn't there
 * @throws {PageTrouble} with these words
 */
export function found<T>(value: T | undefined, words: string): T {
  if (value === undefined) throw new PageTrouble(404, words)
  return value
}
