/** An error that the user sees as a page. */
export class PageError extends Error {
  readonly status: number
  readonly title: string
  /** Where to go from here: a link under the message. */
  readonly next: { href: string; text: string } | undefined

  constructor(status: number, title: string, message: string, next?: PageError['next']) {
    super(message)
    this.status = status
    this.title = title
    this.next = next
  }
}
