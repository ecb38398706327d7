const MEANINGS: Record<string, string> = {
  EACCES: 'you have no permission to write there',
  EPERM: "the system doesn't allow it, or another program has it open",
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EBUSY: 'another program has it open',
  ENOENT: 'it is gone',
  ENOTDIR: 'there is a file where a folder should be',
  ELOOP: 'it is a link that leads back to itself',
  EEXIST: 'something else has this name already',
}

/** The message for a file or folder that can't be read or written. Undefined for any other error. */
export function tellFileTrouble(error: unknown): string | undefined {
  const { code, path } = Object(error)
  if (typeof code !== 'string' || typeof path !== 'string') return undefined
  return `Can't access ${path}: ${MEANINGS[code] ?? code}.`
}
