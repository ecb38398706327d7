import { explain } from '@oauth-lab/course/exercises/trouble.ts'
import type { KnownVersion } from '../known-versions.ts'
import { hrefOfFile } from '../lesson/code-places.ts'
import type { JobError } from './jobs.ts'

/** Why a version couldn't be played, with the line that caused it, if known. */
export interface PlayTrouble {
  message: string
  /** Such as `client/app.ts:12`, and the address of its page. */
  place: { text: string; href: string } | undefined
}

/** The text for a job that failed to play a version. */
export function tellTrouble(
  { message, stderr }: JobError,
  { id, folder }: KnownVersion,
): PlayTrouble {
  const found = explain(stderr === '' ? message : stderr, folder)
  if (found?.place === undefined) return { message, place: undefined }
  const [path = '', line = ''] = found.place.split(':')
  const text = found.message.charAt(0).toUpperCase() + found.message.slice(1)
  return {
    message: /[.!?]$/.test(text) ? text : `${text}.`,
    place: { text: found.place, href: `${hrefOfFile({ id }, path)}#L${line}` },
  }
}
