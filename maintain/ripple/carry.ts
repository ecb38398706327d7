import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { type Change, changesSince } from './changes.ts'
import { findRevision, git } from './git.ts'

/** What happened to one change in one later version. */
export interface Outcome {
  version: string
  path: string
  did:
    | 'merged'
    | 'added'
    | 'deleted'
    | 'renamed'
    /** It has the change already. */
    | 'same'
    /** It has no such file. */
    | 'absent'
    /** Both changed the same lines: marked in the file. */
    | 'conflict'
    /** No program can carry it: nothing was changed. */
    | 'refused'
    /** It has uncommitted edits: nothing was changed. */
    | 'edited'
  /** The reason, if the word alone doesn't say it. */
  why: string
}

/** What to carry, and where to. */
export interface Ripple {
  root: string
  /** The name of the changed folder in `versions/`. */
  source: string
  revision: string
  /** Also changes files with uncommitted edits. */
  force: boolean
}

interface Target {
  version: string
  folder: string
  /** The name of the version that changed. */
  source: string
  /** Files with uncommitted edits, from the top of the repo, or none if these don't matter. */
  edited: Set<string>
}

/**
 * Carries the changes in one version into every later one, by three-way merges.
 *
 * @throws {ToldError} for an unknown revision, or outside a repository
 */
export function carry({ root, source, revision, force }: Ripple): {
  changes: Change[]
  outcomes: Outcome[]
} {
  const changes = changesSince(root, findRevision(root, revision), `versions/${source}`)
  const edited = force ? new Set<string>() : editedFiles(root)
  const outcomes = laterVersions(root, source).flatMap((version) => {
    const target = { version, folder: join(root, 'versions', version), source, edited }
    return changes.map((change) => carryChange(change, target))
  })
  return { changes, outcomes }
}

/** The versions that come after one, by the numbers in their names. */
export function laterVersions(root: string, source: string): string[] {
  const numberOf = (name: string) => Number(/^v(\d+)-/.exec(name)?.[1] ?? 0)
  return readdirSync(join(root, 'versions'))
    .filter((name) => numberOf(name) > numberOf(source))
    .sort((one, other) => numberOf(one) - numberOf(other))
}

function editedFiles(root: string): Set<string> {
  const options = ['--porcelain', '--no-renames', '--untracked-files=all', '-z']
  const entries = git(root, ['status', ...options, '--', 'versions'])
    .split('\0')
    .filter(Boolean)
  return new Set(entries.map((entry) => entry.slice('XY '.length)))
}

function carryChange(change: Change, target: Target): Outcome {
  const { path, from, kind, before, now } = change
  const { version, folder } = target
  const outcome = (did: Outcome['did'], why = ''): Outcome => ({ version, path, did, why })
  const renamed = kind === 'renamed' && has(folder, from)
  if (renamed && has(folder, path)) return outcome('refused', `has both ${from} and ${path}`)

  const place = renamed ? from : path
  const theirs = read(folder, place)
  if (theirs === now && !renamed) return outcome('same')
  if (theirs === undefined && kind !== 'new') return outcome('absent')
  if (now === undefined && theirs !== before) {
    return outcome('refused', 'was deleted, but differs here: delete it, or keep it')
  }
  const isPlain = now === undefined || theirs === undefined || theirs === before
  const { text, conflicts, isText } = isPlain
    ? { text: now, conflicts: false, isText: true }
    : merge({ ours: theirs, before: before ?? '', now }, target)
  if (!isText) return outcome('refused', "isn't text")
  if (text === theirs && !renamed) return outcome('same')
  const [unsaved] = [place, path].filter((file) => {
    return target.edited.has(`versions/${version}/${file}`)
  })
  if (unsaved !== undefined) {
    return outcome('edited', `${unsaved} has uncommitted edits; --force merges with them`)
  }

  write(folder, path, text)
  if (renamed) write(folder, from, undefined)
  if (conflicts) return outcome('conflict', 'both changed the same lines: look for <<<<<<<')
  if (renamed) return outcome('renamed', `was ${from}`)
  return outcome(kind === 'new' ? 'added' : kind === 'deleted' ? 'deleted' : 'merged')
}

/** The later version's text with the source's change. */
function merge(texts: Record<'ours' | 'before' | 'now', string>, { version, source }: Target) {
  const scratch = mkdtempSync(join(tmpdir(), 'oauth-lab-ripple-'))
  try {
    for (const [name, text] of Object.entries(texts)) write(scratch, name, text)
    const labels = [version, `${source} before`, `${source} now`]
    const names = labels.flatMap((label) => ['-L', label])
    const args = ['merge-file', '--stdout', ...names, 'ours', 'before', 'now']
    const { status, stdout, error } = spawnSync('git', args, { cwd: scratch, encoding: 'latin1' })
    if (error !== undefined) throw new ToldError(`Can't run git: ${error.message}`)
    return { text: stdout, conflicts: status !== 0, isText: status !== null && status <= 127 }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function has(folder: string, path: string): boolean {
  return existsSync(join(folder, path))
}

/** Reads byte by byte, which also keeps binary files intact. */
function read(folder: string, path: string): string | undefined {
  return has(folder, path) ? readFileSync(join(folder, path), 'latin1') : undefined
}

function write(folder: string, path: string, text: string | undefined): void {
  const file = join(folder, path)
  if (text === undefined) {
    rmSync(file)
    return
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, 'latin1')
}
