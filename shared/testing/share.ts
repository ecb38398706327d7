/** Whether there is time for the long share: what only repeats in other forms. */
export const full = process.env.OAUTH_LAB_FULL === '1'

/** The first of several forms of one rule; in the long share all of them. */
export function some<T>(forms: readonly T[], count = 1): readonly T[] {
  return full ? forms : forms.slice(0, count)
}
