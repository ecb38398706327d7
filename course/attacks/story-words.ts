import { shortNameOf, type Version } from '../programs/versions.ts'
import { type Attack, blockedSince, type Ending, expectedResult } from './attack.ts'
import type { Channel } from './story.ts'

/** The name of each channel. */
export const CHANNELS: Record<Channel, string> = {
  front: 'front channel',
  back: 'back channel',
  outside: 'outside the web',
}

/** The verdict for each result. */
export const VERDICTS: Record<Ending['result'], string> = {
  succeeds: 'The attack succeeds.',
  blocked: 'The attack is blocked.',
  nothing: 'There is nothing to attack yet.',
}

/** The separator between a parameter's name and its value. */
export function signBetween(name: string): '=' | ' ' {
  // Parameter names on the wire are lowercase. Names of headers and labels on pages start with a capital.
  return /^[A-Z]/.test(name) ? ' ' : '='
}

/** The defense against an attack that succeeded: of the next version that blocks it, or one that no version has. */
export function tellRemedy(
  attack: Attack,
  version: Version,
): { heading: string; text: string } | undefined {
  if (expectedResult(attack, version) === 'blocked') return undefined
  const next = blockedSince(attack, version.number + 1)
  if (next !== undefined) return { heading: `Blocked from ${shortNameOf(next)}`, text: attack.rule }
  if (attack.remedy === undefined) return undefined
  return { heading: 'No later version blocks it', text: attack.remedy }
}
