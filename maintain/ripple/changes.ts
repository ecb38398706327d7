import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { git } from './git.ts'

/** What happened to one file of a version. Paths start at the version's folder. */
export interface Change {
  kind: 'modified' | 'new' | 'deleted' | 'renamed'
  path: string
  /** The former path of a renamed file, or the same as `path`. */
  from: string
  /** The file at the revision and now, byte by byte, which also keeps binary files intact. */
  before: string | undefined
  now: string | undefined
}

/** Each version has its own lesson. */
const LESSON = 'README.md'
const KINDS: Record<string, Change['kind']> = { A: 'new', D: 'deleted', R: 'renamed' }

/**
 * The changes in a folder since a revision, committed or not, with new files but without those that
 * git ignores.
 *
 * @param folder with slashes, from the top of the repository
 */
export function changesSince(root: string, revision: string, folder: string): Change[] {
  // `M path`, `R087 old new` and so on, each word ended by a zero byte.
  const words = namesSince(root, revision, folder).split('\0').filter(Boolean)
  const nextPath = () => (words.shift() ?? '').slice(folder.length + 1)
  const changes: Change[] = []
  while (words.length > 0) {
    const [letter = ''] = words.shift() ?? ''
    const from = nextPath()
    const path = letter === 'R' ? nextPath() : from
    const kind = KINDS[letter] ?? 'modified'
    const show = ['cat-file', '--filters', `${revision}:${folder}/${from}`]
    const before = kind === 'new' ? undefined : git(root, show, {}, 'latin1')
    const file = join(root, folder, path)
    const now = kind === 'deleted' ? undefined : readFileSync(file, 'latin1')
    if (path !== LESSON) changes.push({ kind, path, from, before, now })
  }
  return changes
}

function namesSince(root: string, revision: string, folder: string): string {
  const scratch = mkdtempSync(join(tmpdir(), 'oauth-lab-index-'))
  const env = { GIT_INDEX_FILE: join(scratch, 'index') }
  try {
    git(root, ['read-tree', revision], env)
    git(root, ['add', '--all', '--', folder], env)
    const options = ['--cached', '--find-renames', '--name-status', '-z']
    return git(root, ['diff', ...options, revision, '--', folder], env)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
