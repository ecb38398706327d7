import { diffChars } from 'diff'

/** The share of characters that may differ from what was typed. */
const MOST_CHANGED = 0.35

/** A question about the name that someone most likely meant, after a space. Empty if none is close to what they typed. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const [best] = names
    .map((name) => ({ name, changed: changedIn(typed.toLowerCase(), name) }))
    .sort((one, other) => one.changed - other.changed)
  return best !== undefined && best.changed < MOST_CHANGED ? ` Did you mean ${best.name}?` : ''
}

function changedIn(typed: string, name: string): number {
  const pieces = diffChars(typed, name, { maxEditLength: name.length })
  if (pieces === undefined) return 1
  const changed = pieces.filter(({ added, removed }) => added || removed)
  return changed.reduce((sum, { value }) => sum + value.length, 0) / (typed.length + name.length)
}
