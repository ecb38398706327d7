import { isComment, signedCode, type Unit } from './units.ts'

/** A change that nothing can go red without, and why. */
export interface Excuse {
  /** The newer version of the step, such as `v04-protected-resource`. */
  version: string
  path: string
  /** The changed lines of code of the whole unit, each with its sign: `+` or `-`. */
  lines: string[]
  reason: string
}

/** Why nothing needs to go red without this change; undefined where something must. */
export function excuseFor(unit: Unit, version: string, excuses: Excuse[]): string | undefined {
  if (isComment(unit)) return 'a comment'
  const content = signedCode(unit).join('\n')
  return excuses.find((excuse) => {
    const isPlace = excuse.version === version && excuse.path === unit.path
    return isPlace && excuse.lines.join('\n') === content
  })?.reason
}
