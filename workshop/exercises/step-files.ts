import type { LessonStep } from '@oauth-lab/course/lessons/steps.ts'

/**
 * The files that each step names, in order. A task may name one by the end of its path, if no other ends so. A step that
 * names none has those of the step before.
 *
 * @param known the paths of the copy and of the finished version
 */
export function filesOfSteps(
  steps: Pick<LessonStep, 'number' | 'task'>[],
  known: string[],
): { number: number; files: string[] }[] {
  let last: string[] = []
  return steps.map(({ number, task }) => {
    const files = [...task.matchAll(/`([\w./-]+\.\w+)`/g)].flatMap(([, name = '']) => {
      if (known.includes(name)) return [name]
      const ends = known.filter((path) => path.endsWith(`/${name}`))
      return ends.length === 1 ? ends : []
    })
    if (files.length > 0) last = [...new Set(files)]
    return { number, files: last }
  })
}
