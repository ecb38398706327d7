import { ToldError } from '@oauth-lab/course/told-error.ts'
import type { JobMessage, JobOrder } from './jobs.ts'

/** How long a result may be as JSON, in characters: a learner's copy may answer with anything. */
const LONGEST_RESULT = 5_000_000

/**
 * Does the one job of this process, which was started for it.
 *
 * @param work is given what the job is told; what it resolves to is the answer
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
      // What is played expects pages that a learner's copy may not have any more.
      say({ token, trouble: error instanceof ToldError ? message : `It failed: ${message}.` })
    }
  })
}

function say(message: JobMessage): void {
  process.send?.(message)
}
