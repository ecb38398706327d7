import { isComment, signedCode, type Unit } from './units.ts'

/** A change that no test can prove, and the reason. */
export interface Excuse {
  /** The newer version of the step, such as `v04-protected-resource`. */
  version: string
  path: string
  /** The changed lines of code of the unit, each with its sign: `+` or `-`. */
  lines: string[]
  reason: string
}

/** Why this change needs no proof, or undefined if it does. */
export function excuseFor(unit: Unit, version: string, excuses: Excuse[]): string | undefined {
  if (isComment(unit)) return 'a comment'
  const content = signedCode(unit).join('\n')
  return excuses.find((excuse) => {
    const isPlace = excuse.version === version && excuse.path === unit.path
    return isPlace && excuse.lines.join('\n') === content
  })?.reason
}
