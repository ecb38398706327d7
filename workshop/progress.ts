import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Version } from '@oauth-lab/course/programs/versions.ts'

/** A learner's progress in one version. */
export interface VersionProgress {
  /** The slugs of the opened pages of its lesson. */
  read: string[]
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

const NOTHING: VersionProgress = { read: [], done: 0, all: 0 }

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
    const { versions } = this.#read()
    const before = versionIn({ versions }, name)
    const read = [...new Set([...before.read, slug])]
    this.#write({ at: href, versions: { ...versions, [name]: { ...before, read } } })
  }

  /** Records how many of an exercise's checks pass. */
  noteDone({ name }: Version, done: number, all: number): void {
    const before = this.#read()
    const { read } = versionIn(before, name)
    this.#write({ ...before, versions: { ...before.versions, [name]: { read, done, all } } })
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
    const { read, done, all } = Object(entry)
    const slugs = [read].flat().filter((slug) => typeof slug === 'string')
    return [name, { read: slugs, done: asCount(done), all: asCount(all) }]
  })
  const isPage = typeof at === 'string' && at.startsWith('/lessons/')
  return { ...(isPage && { at }), versions: Object.fromEntries(entries) }
}

function asCount(value: unknown): number {
  return Number.isInteger(value) && Number(value) >= 0 ? Number(value) : 0
}

function versionIn({ versions }: Remembered, name: string): VersionProgress {
  return Object.hasOwn(versions, name) ? (versions[name] ?? NOTHING) : NOTHING
}
