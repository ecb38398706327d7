/** Shortens a random-looking value to its first characters, enough to tell it from another. */
export function shorten(value: string): string {
  // The first characters of every JWT are the same, so the signature has to tell.
  const [, signature] = /^[\w-]+\.[\w-]+\.([\w-]*)$/.exec(value) ?? []
  if (signature !== undefined) return `${value.slice(0, 6)}...${signature.slice(0, 6)}`
  return /^[\w~-]{32,}$/.test(value) ? `${value.slice(0, 6)}...` : value
}
