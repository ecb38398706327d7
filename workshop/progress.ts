import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Version } from '@oauth-lab/course/programs/versions.ts'

/** A learner's progress in one version. */
export interface VersionProgress {
  /** The slugs of the opened pages of its lesson. */
  read: string[]
  /** The numbers of the questions whose answers were opened. */
  opened: number[]
  /** In its exercise: how many checks passed last time, and how many there are. */
  done: number
  all: number
}

/** The whole file. */
interface Remembered {
  /** The address of the last opened page of a lesson. */
  at?: string
  versions: Record<string, VersionProgress>
}

const NOTHING: VersionProgress = { read: [], opened: [], done: 0, all: 0 }

/**
 * What the learner at this machine has read and done. It is in one small file beside their copies, which is read
 * and written whole each time, so open pages never overwrite each other. An unreadable file counts as empty, and
 * pages work even if the file can't be written.
 */
export class Progress {
  readonly #folder: string
  readonly #file: string

  /** @param playground the folder of the learner's copies */
  constructor(playground: string) {
    this.#folder = playground
    this.#file = join(playground, '.progress.json')
  }

  /** The last opened page, or undefined before the first. */
  get at(): string | undefined {
    return this.#read().at
  }

  of({ name }: Version): VersionProgress {
    return versionIn(this.#read(), name)
  }

  /** Records that a page of a lesson was opened. */
  noteRead({ name }: Version, slug: string, href: string): void {
    const all = this.#read()
    const before = versionIn(all, name)
    const read = withOne(before.read, slug)
    this.#write({ at: href, versions: { ...all.versions, [name]: { ...before, read } } })
  }

  /** Records that the answer to a question was opened. */
  noteOpened(version: Version, question: number): void {
    const opened = withOne(this.of(version).opened, question)
    this.#change(version, { opened: opened.sort((one, other) => one - other) })
  }

  /** Records how many of an exercise's checks pass. */
  noteDone(version: Version, done: number, all: number): void {
    this.#change(version, { done, all })
  }

  #change({ name }: Version, change: Partial<VersionProgress>): void {
    const all = this.#read()
    const versions = { ...all.versions, [name]: { ...versionIn(all, name), ...change } }
    this.#write({ ...all, versions })
  }

  #read(): Remembered {
    try {
      return asRemembered(JSON.parse(readFileSync(this.#file, 'utf8')))
    } catch {
      return { versions: {} }
    }
  }

  #write(remembered: Remembered): void {
    try {
      mkdirSync(this.#folder, { recursive: true })
      // Renamed into place, so a second workshop never reads half of it.
      const unfinished = `${this.#file}.${process.pid}`
      writeFileSync(unfinished, `${JSON.stringify(remembered, null, 2)}\n`)
      renameSync(unfinished, this.#file)
    } catch {
      return
    }
  }
}

/** The content of the file, which anyone may have edited, without values of the wrong type. */
function asRemembered(value: unknown): Remembered {
  const { at, versions } = Object(value)
  const entries = Object.entries(Object(versions)).map(([name, entry]) => {
    const { read, opened, done, all } = Object(entry)
    return [
      name,
      {
        read: listOf(read, (item) => typeof item === 'string'),
        opened: listOf(opened, isCount),
        done: isCount(done) ? done : 0,
        all: isCount(all) ? all : 0,
      },
    ]
  })
  const isPage = typeof at === 'string' && at.startsWith('/lessons/')
  return { ...(isPage && { at }), versions: Object.fromEntries(entries) }
}

function listOf<T>(value: unknown, isOne: (item: unknown) => item is T): T[] {
  return Array.isArray(value) ? value.filter(isOne) : []
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0
}

function versionIn({ versions }: Remembered, name: string): VersionProgress {
  return Object.hasOwn(versions, name) ? (versions[name] ?? NOTHING) : NOTHING
}

function withOne<T>(list: T[], item: T): T[] {
  return list.includes(item) ? list : [...list, item]
}
