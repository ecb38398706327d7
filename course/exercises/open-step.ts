import type { LessonStep } from '../lessons/steps.ts'
import type { Finding } from './check-copy.ts'

/** The first step with checks that don't pass yet, and those checks. */
export function findOpenStep(
  steps: LessonStep[],
  findings: Finding[],
): { step: LessonStep | undefined; rest: Finding[] } {
  const open = findings.filter(({ status }) => status !== 'done')
  for (const step of steps) {
    const rest = open.filter(({ sentence }) => step.checks.includes(sentence.id))
    if (rest.length > 0) return { step, rest }
  }
  return { step: undefined, rest: [] }
}
