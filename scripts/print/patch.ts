import { DEFAULT_CONTEXT, pairFiles } from '@oauth-lab/course/differences/compare.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { formatPatch, structuredPatch } from 'diff'

/**
 * A patch that `git apply` takes: in a copy of the older folder it makes the newer one, byte for byte,
 * with everything in it.
 *
 * @throws {ToldError} for a file that is no text, or too long
 */
export function renderPatch(olderFolder: string, newerFolder: string): string {
  return pairFiles(olderFolder, newerFolder, { exact: true })
    .map(({ path, kind, older, newer, isText }) => {
      if (!isText)
        throw new ToldError(`${path} is not text, or too long, so a patch can't carry it.`)
      const before = kind === 'new' ? '/dev/null' : `a/${path}`
      const after = kind === 'deleted' ? '/dev/null' : `b/${path}`
      const patch = structuredPatch(before, after, older, newer, '', '', {
        context: DEFAULT_CONTEXT,
      })
      return formatPatch({
        ...patch,
        isGit: true,
        isCreate: kind === 'new',
        isDelete: kind === 'deleted',
      })
    })
    .join('')
}
