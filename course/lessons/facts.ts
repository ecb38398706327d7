import { type Lesson, type PartName, partOf } from './lesson.ts'

/** The facts about a lesson for the course at a glance. */
export interface Facts {
  /** How many minutes it takes to teach. */
  minutes: number
  /** How many minutes it takes someone who works alone, with the exercise. */
  minutesAlone: number
  /** The first thing that is still open at its end, as a sentence in Markdown. */
  hole: string
  /** What someone can do who has done the exercise: the rest of "You can now ...", as Markdown. */
  able: string
}

const MINUTES = /^\*\*Minutes:\*\* (\d+)/m
const ABLE = /^When all checks pass, you can ([\s\S]+?\.)$/m
/** The first cell of the first row below the head of a table. */
const FIRST_ROW = /^\| --- .*\n\| (.+?) \|/m

/** Reads the facts from the parts of a lesson. */
export function factsOf(lesson: Lesson): Facts {
  const sourceOf = (name: PartName) => partOf(lesson, name)?.source ?? ''
  return {
    minutes: Number(MINUTES.exec(sourceOf('teacher'))?.[1] ?? 0),
    minutesAlone: lesson.parts.reduce((sum, { minutes = 0 }) => sum + minutes, 0),
    hole: asSentence(FIRST_ROW.exec(sourceOf('missing'))?.[1] ?? ''),
    able: ABLE.exec(sourceOf('exercise'))?.[1] ?? '',
  }
}

function asSentence(text: string): string {
  return text === '' ? '' : `${text[0]?.toUpperCase()}${text.slice(1)}.`
}
