import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { factsOf } from '../lesson/facts.ts'
import { readLesson } from '../lesson/lesson.ts'
import { renderPart } from '../lesson/render.ts'
import { lessonAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'

/** What the one in front reads beside the slides. */
export interface TeacherNotes {
  /** How long the lesson is meant to take. */
  minutes: number
  html: string
}

const TEACHER = 10

/** The lesson's part for the teacher, with the addresses of what runs. */
export async function teacherNotesOf(
  version: Version,
  addresses: Slot['addresses'] | undefined,
): Promise<TeacherNotes> {
  const lesson = lessonAt(readLesson(version), addresses)
  const section = lesson.sections.find(({ number }) => number === TEACHER)
  const html = section === undefined ? '' : await renderPart(version, section, section.source)
  return { minutes: factsOf(lesson).minutes, html }
}
