import type { Version } from '../programs/versions.ts'
import { type Part, partOf, readLesson } from './lesson.ts'

/** A step of the exercise of a lesson. */
export interface LessonStep {
  number: number
  title: string
  /** The line of its heading in the lesson's README.md. */
  line: number
  /** What to do, as in the lesson. */
  task: string
  /** From the folded hint, one or a few sentences each. */
  hints: string[]
  /** The ids of the checks that pass after it. None if it can't be seen from outside. */
  checks: string[]
}

const STEP = /^Step (\d+): (.+)$/
const HINT = /<details><summary>Hint<\/summary>\s*([\s\S]*?)\s*<\/details>/
/** The end of a sentence, possibly inside code. */
const THOUGHT_END = /(?<=[.?!]\)?) +(?=[A-Z`])/

/** The steps of a version's exercise, read from its lesson. */
export function readSteps(version: Version): LessonStep[] {
  return (partOf(readLesson(version), 'exercise')?.parts ?? []).flatMap(asStep)
}

function asStep({ title: heading, lines, source }: Part): LessonStep[] {
  const [isStep, number, title = ''] = STEP.exec(heading) ?? []
  if (isStep === undefined) return []
  const [task = ''] = source.split(/^(?:After this, |<details>)/m)
  const hint = HINT.exec(source)?.[1] ?? ''
  return [
    {
      number: Number(number),
      title,
      line: lines.first,
      task: task.trim(),
      hints: hint.split(/\n{2,}/).flatMap(thoughtsOf),
      checks: checksIn(source),
    },
  ]
}

/** The sentences of a paragraph. A period inside code doesn't end one. */
function thoughtsOf(paragraph: string): string[] {
  const thoughts: string[] = []
  for (const piece of unwrap(paragraph).split(THOUGHT_END)) {
    const last = thoughts.at(-1)
    const isInCode = last !== undefined && last.split('`').length % 2 === 0
    if (isInCode) thoughts[thoughts.length - 1] = `${last} ${piece}`
    else thoughts.push(piece)
  }
  return thoughts
}

/** The names in backticks in "After this, these checks pass: `state-sent`, `cookie`." */
function checksIn(source: string): string[] {
  const paragraph = source.split('\n\n').find((text) => text.startsWith('After this, ')) ?? ''
  return [...paragraph.matchAll(/`([^`]+)`/g)].map(([, id = '']) => id)
}

function unwrap(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
