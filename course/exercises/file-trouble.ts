/** What error codes of the system mean for somebody whose file it is. */
const MEANINGS: Record<string, string> = {
  EACCES: 'you have no right to write there',
  EPERM: 'the system does not allow it, or another program has it open',
  EROFS: 'the disk can only be read',
  ENOSPC: 'the disk is full',
  EBUSY: 'another program has it open',
  ENOENT: 'it is gone',
  ENOTDIR: 'there is a file where a folder should be',
  ELOOP: 'it is a link that leads back to itself',
  EEXIST: 'something else has this name already',
}

/** What the system refused to do with a file or folder, in words; undefined for any other error. */
export function tellFileTrouble(error: unknown): string | undefined {
  const { code, path } = Object(error)
  if (typeof code !== 'string' || typeof path !== 'string') return undefined
  return `This can't be done to ${path}: ${MEANINGS[code] ?? code}.`
}
