import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { JobMessage, JobOrder } from './jobs.ts'

/** The longest result as JSON, in characters, because a learner's copy may respond with anything. */
const LONGEST_RESULT = 5_000_000

/**
 * Does the one job of this process.
 *
 * @param work gets the job's input and resolves to its result
 */
export function answerJob<Input>(work: (input: Input) => Promise<unknown>): void {
  process.once('message', async (message) => {
    const { input, token } = message as JobOrder
    try {
      const result = await work(input as Input)
      const isTooLong = (JSON.stringify(result) ?? '').length > LONGEST_RESULT
      say(isTooLong ? { token, trouble: 'Its output is too long to show.' } : { token, result })
    } catch (error) {
      const { message } = error as Error
      // A played session expects pages that a learner's copy may no longer have.
      say({ token, trouble: error instanceof ToldError ? message : `It failed: ${message}.` })
    }
  })
}

function say(message: JobMessage): void {
  process.send?.(message)
}
