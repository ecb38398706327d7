import { git, withScratchIndex } from './git.ts'

/** What happened to one file of a version. Paths start at the version's folder. */
export interface Change {
  kind: 'modified' | 'new' | 'deleted' | 'renamed'
  path: string
  /** The former path of a renamed file, or the same as `path`. */
  from: string
}

/** Each version has its own lesson. */
const LESSON = 'README.md'

/**
 * The changes in a folder since a revision, committed or not, with new files but without those that
 * git ignores.
 *
 * @param folder with slashes, from the top of the repository
 */
export function changesSince(root: string, revision: string, folder: string): Change[] {
  const names = withScratchIndex((env) => {
    git(root, ['read-tree', revision], env)
    git(root, ['add', '--all', '--', folder], env)
    const options = ['--cached', '--find-renames', '--name-status', '-z']
    return git(root, ['diff', ...options, revision, '--', folder], env)
  })
  return readNameStatus(names.split('\0'), `${folder}/`).filter(({ path }) => path !== LESSON)
}

/** Reads `M path`, `R087 old new` and so on, each word ended by a zero byte. */
function readNameStatus(words: string[], prefix: string): Change[] {
  const changes: Change[] = []
  const rest = words.filter(Boolean)
  const nextPath = () => (rest.shift() ?? '').slice(prefix.length)
  while (rest.length > 0) {
    const [letter = ''] = rest.shift() ?? ''
    const from = nextPath()
    const path = letter === 'R' ? nextPath() : from
    changes.push({ kind: KINDS[letter] ?? 'modified', path, from })
  }
  return changes
}

const KINDS: Record<string, Change['kind']> = { A: 'new', D: 'deleted', R: 'renamed' }
