/** Whether to run the long share: tests that repeat a rule in other forms. */
export const full = process.env.OAUTH_LAB_FULL === '1'

/** The first of several forms of one rule, or all of them in the long share. */
export function some<T>(forms: readonly T[], count = 1): readonly T[] {
  return full ? forms : forms.slice(0, count)
}
