import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Version } from '@oauth-lab/course/programs/versions.ts'

/** What a learner has done with one version. */
export interface VersionProgress {
  /** The pages of its lesson that were opened, by their slugs. */
  read: string[]
  /** Of its exercise: how many sentences were done at the last check, of how many. */
  done: number
  all: number
}

/** The whole file. */
interface Remembered {
  /** The address of the page of a lesson that was opened last. */
  at?: string
  versions: Record<string, VersionProgress>
}

const NOTHING: VersionProgress = { read: [], done: 0, all: 0 }

/**
 * What the learner at this machine has read and done. It is in one small file beside their copies, which is read
 * and written whole each time: so pages that are open at once never write over each other. A file that can't be
 * read counts as none, and one that can't be written is no reason to keep a page from anybody.
 */
export class Progress {
  readonly #folder: string
  readonly #file: string

  /** @param playground the folder of the learner's copies */
  constructor(playground: string) {
    this.#folder = playground
    this.#file = join(playground, '.progress.json')
  }

  /** The page that was opened last, or undefined before the first. */
  get at(): string | undefined {
    return this.#read().at
  }

  of({ name }: Version): VersionProgress {
    return versionIn(this.#read(), name)
  }

  /** Notes that a page of a lesson was opened. */
  noteRead({ name }: Version, slug: string, href: string): void {
    const { versions } = this.#read()
    const before = versionIn({ versions }, name)
    const read = [...new Set([...before.read, slug])]
    this.#write({ at: href, versions: { ...versions, [name]: { ...before, read } } })
  }

  /** Notes what a check of an exercise has found: so many of its sentences are done, of all. */
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
      // Renamed into place, so that a second workshop never reads half of it.
      const unfinished = `${this.#file}.${process.pid}`
      writeFileSync(unfinished, `${JSON.stringify(remembered, null, 2)}\n`)
      renameSync(unfinished, this.#file)
    } catch {
      return
    }
  }
}

/** What a file says that anybody may have edited: whatever is of the wrong kind is left out. */
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
