import type { Programs } from '@oauth-lab/shared/testing/lab.ts'
import { type Exchange as Recorded, recorded } from '@oauth-lab/shared/testing/recorder.ts'

/** A message that reached the server past the browsers, and its answer. */
export interface Exchange {
  method: string
  path: string
  authorization: string | undefined
  form: Record<string, string>
  status: number
  answer: Record<string, unknown>
}

/** What goes over the back channel of a pair, in the order in which it was answered. */
export class Recorder {
  readonly #recorded: Recorded[] = []

  /** The same programs, with all that they are asked noted here. */
  watch(programs: Programs): Programs {
    return recorded(programs, this.#recorded)
  }

  get exchanges(): Exchange[] {
    return this.#recorded
      .filter(({ program, url }) => program === 'server' && /^\/(token|api\/)/.test(url))
      .map(({ method, url, requestHeaders, form = {}, status, body }) => ({
        method,
        path: url.split('?', 1)[0] ?? '',
        authorization: requestHeaders.authorization?.toString(),
        form: { ...form },
        status,
        answer: JSON.parse(body),
      }))
  }

  /** What the token endpoint gave out last. */
  get lastTokens(): Exchange | undefined {
    return this.exchanges.findLast(({ path, status }) => path === '/token' && status === 200)
  }
}
