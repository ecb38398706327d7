import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Note } from '@oauth-lab/course/differences/compare.ts'
import { countLines, type FileChange, hunkHeader } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile } from '@oauth-lab/course/differences/highlight.ts'
import { renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { describeStep } from '@oauth-lab/course/differences/stat.ts'
import { readStep, type Step } from '@oauth-lab/course/differences/step.ts'
import { stampOf } from '@oauth-lab/course/exercises/watch.ts'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { slug } from 'github-slugger'
import { hrefOfFile } from '../lesson/code-places.ts'
import { hrefInApp } from '../lesson/links.ts'
import { renderMarkdown } from '../lesson/render-markdown.ts'
import { textAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'
import { titleOf, type VersionPair } from './chosen-versions.ts'

type Addresses = Slot['addresses'] | undefined
type RenderText = (text: string, version: string) => Promise<string>

/** A hunk, ready to be shown. */
export interface HunkView {
  /** Counts from 1 over all files. */
  number: number
  /** Its line numbers, as git writes them. */
  place: string
  html: string
}

/** A file in which two versions differ, ready to be shown. */
export interface FileView {
  path: string
  /** The anchor of its section. */
  anchor: string
  kind: FileChange['kind']
  added: number
  removed: number
  isText: boolean
  intro: string
  hunks: HunkView[]
  /** The pages of the whole file, on each side that has it. */
  olderHref: string | undefined
  newerHref: string | undefined
}

/** The difference of two versions, ready to be shown. */
export interface Difference {
  /** Such as `9 files (2 new), +54 -2, 17 hunks`. */
  size: string
  files: FileView[]
  hunkCount: number
}

/** The most differences to keep. The largest, between the first and the last version with tests, has about a megabyte. */
const KEPT = 16

const known = new Map<string, { stamp: string; difference: Promise<Difference> }>()

/**
 * The difference of two versions, with the notes of the lessons. Made again after a file changes.
 *
 * @param tests whether to include test files
 * @param addresses of what runs, or undefined to leave them as they are
 */
export function differenceOf(
  pair: VersionPair,
  tests: boolean,
  addresses: Addresses,
): Promise<Difference> {
  const key = [
    pair.older.folder,
    pair.newer.folder,
    tests,
    addresses?.server,
    addresses?.client,
  ].join(' ')
  const stamp = stampOfPair(pair)
  const before = known.get(key)
  // Moves the most recent one to the end.
  known.delete(key)
  const isFresh = before?.stamp === stamp
  const difference = isFresh ? before.difference : make(pair, tests, addresses)
  known.set(key, { stamp, difference })
  for (const oldest of [...known.keys()].slice(0, -KEPT)) known.delete(oldest)
  return difference
}

/** Lessons between the two have notes too. */
function stampOfPair({ older, newer }: VersionPair): string {
  const lessons = listVersions().map(({ folder }) => {
    return statSync(join(folder, 'README.md'), { throwIfNoEntry: false })?.mtimeMs
  })
  return [stampOf(older.folder), stampOf(newer.folder), ...lessons].join('\n')
}

async function make(pair: VersionPair, tests: boolean, addresses: Addresses): Promise<Difference> {
  const step = readStep(pair.older, pair.newer, { tests })
  const renderText = (text: string, version: string) => renderAt(addresses, text, version)
  const notes = await renderNotes(step, renderText)
  const files: FileView[] = []
  let hunkCount = 0
  for (const file of step.files) {
    // Lets other requests run in between.
    await setImmediate()
    files.push(await viewFile(pair, file, { notes, renderText }, hunkCount))
    hunkCount += file.hunks.length
  }
  return { size: describeStep(step.files), files, hunkCount }
}

async function renderNotes({ files }: Step, renderText: RenderText): Promise<Map<Note, string>> {
  const rendered = new Map<Note, string>()
  for (const note of files.flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.notes))) {
    rendered.set(note, await renderText(note.text, note.version))
  }
  return rendered
}

/** A text of a lesson, with the addresses of the running programs and with links into this app. */
function renderAt(addresses: Addresses, text: string, version: string): Promise<string> {
  const lesson = join(ROOT, 'versions', version, 'README.md')
  return renderMarkdown(textAt(text, addresses), {
    hrefOf: (href) => hrefInApp(href, lesson),
    anchors: new Map(),
    up: 0,
  })
}

async function viewFile(
  { older, newer }: VersionPair,
  file: FileChange,
  { notes, renderText }: { notes: Map<Note, string>; renderText: RenderText },
  hunksBefore: number,
): Promise<FileView> {
  const styled = await highlightFile(file)
  const noteHtml = (note: Note) => notes.get(note) ?? ''
  const names: [string, string] = [titleOf(older), titleOf(newer)]
  const { path, kind, isText } = file
  const { added, removed } = countLines([file])
  const hunks = file.hunks.map((hunk, i) => {
    const sides = i === 0 && kind === 'changed' ? names : undefined
    return {
      number: hunksBefore + i + 1,
      place: hunkHeader(hunk),
      html: renderHunk(hunk, { styled, noteHtml, sides }),
    }
  })
  const lesson = newer.leadsTo ?? newer
  return {
    path,
    anchor: slug(path),
    kind,
    added,
    removed,
    isText,
    intro: file.intro === '' ? '' : await renderText(file.intro, lesson.name),
    hunks,
    olderHref: kind === 'new' ? undefined : hrefOfFile(older, path),
    newerHref: kind === 'deleted' ? undefined : hrefOfFile(newer, path),
  }
}
