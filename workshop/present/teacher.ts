import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import { partOf, readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { renderPart } from '../lesson/render.ts'
import { lessonAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'

/** The teacher's notes beside the slides. */
export interface TeacherNotes {
  /** The planned length of the lesson. */
  minutes: number
  html: string
}

/** The lesson's part for the teacher, with the addresses of the running programs. */
export async function teacherNotesOf(
  version: Version,
  addresses: Slot['addresses'] | undefined,
): Promise<TeacherNotes> {
  const lesson = lessonAt(readLesson(version), addresses)
  const part = partOf(lesson, 'teacher')
  const html = part === undefined ? '' : await renderPart(version, part, part.source)
  return { minutes: factsOf(lesson).minutes, html }
}
