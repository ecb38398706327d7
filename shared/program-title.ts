/** What a page calls a program. A name as short as `api` is an abbreviation. */
export function titleOfProgram(name: string): string {
  return name.length <= 3 ? name.toUpperCase() : name
}
