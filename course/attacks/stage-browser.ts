import { Browser, type Page } from '@oauth-lab/shared/testing/browser.ts'
import type { RequestOptions } from '@oauth-lab/shared/testing/exchange.ts'

/**
 * A browser that knows no other addresses than those of one stage. Whatever an attack or a program
 * under attack says, nothing is ever sent elsewhere.
 */
export class StageBrowser extends Browser {
  readonly #isOnStage: (url: string) => boolean

  constructor(isOnStage: (url: string) => boolean) {
    super()
    this.#isOnStage = isOnStage
  }

  /** @throws {Error} for an address that is none of the stage's */
  override async open(url: string, options: RequestOptions = {}): Promise<Page> {
    if (!this.#isOnStage(url)) throw new Error(`${url} is no address of this lab`)
    return super.open(url, options)
  }
}
