/** Whether to run the long share: tests that repeat a rule in other forms. */
export const full = process.env.OAUTH_LAB_FULL === '1'

/** Whether `npm test -- --all` runs. The long share has all that it has. */
export const all = full || process.env.OAUTH_LAB_ALL === '1'

/** The first of several forms of one rule, or all of them in the long share. */
export function some<T>(forms: readonly T[], count = 1): readonly T[] {
  return full ? forms : forms.slice(0, count)
}

/** What a rule holds for, one for each version: the first and the newest of them, or all of them with `--all`. */
export function firstAndNewest<T>(ofVersions: readonly T[]): readonly T[] {
  const inBetween = ofVersions.slice(1, -1)
  return all ? ofVersions : ofVersions.filter((one) => !inBetween.includes(one))
}
