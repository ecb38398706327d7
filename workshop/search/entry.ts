/** What there is to find. Of two that match equally well, the earlier kind comes first. */
export const KINDS = [
  'Glossary',
  'Errors',
  'Lessons',
  'Attacks',
  'Exercises',
  'Commands',
  'Code',
  'Reference',
] as const

/** Something to find. */
export interface Entry {
  kind: (typeof KINDS)[number]
  title: string
  href: string
  /** Where it is, such as the title of its lesson. */
  place: string
  /** In one line, without markup. */
  text: string
  /** Its other names: the words of an error, or the slug of an attack. */
  names?: string[]
}
