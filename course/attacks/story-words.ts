import { type Attack, type Ending, stoppedSince } from './attack.ts'
import type { Channel } from './story.ts'

/** What the channels are called. */
export const CHANNELS: Record<Channel, string> = {
  front: 'front channel',
  back: 'back channel',
  outside: 'by other means',
}

/** What is said of an ending. */
export const VERDICTS: Record<Ending['result'], string> = {
  works: 'It works.',
  stopped: 'It is stopped.',
  nothing: 'There is nothing to attack yet.',
}

/** What stands between a parameter's name and its value. */
export function signBetween(name: string): '=' | ' ' {
  // On the wire names are small; a header's and a page's begin with a capital letter.
  return /^[A-Z]/.test(name) ? ' ' : '='
}

/** What looks random is cut to what the eye needs to tell it from another. */
export function shorten(value: string): string {
  return /^[\w~-]{32,}$/.test(value) ? `${value.slice(0, 6)}...` : value
}

/** What there is against an attack that has worked: a heading and a text. Undefined where this version has it. */
export function tellRemedy(
  attack: Attack,
  { number }: { number: number },
): { heading: string; text: string } | undefined {
  const since = stoppedSince(attack)
  if (since === undefined) return { heading: 'No version stops it yet', text: attack.remedy ?? '' }
  if (since <= number) return undefined
  return { heading: `Stopped from v${String(since).padStart(2, '0')} on`, text: attack.rule }
}
