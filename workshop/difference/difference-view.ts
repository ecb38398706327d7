import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { countLines, type FileChange, type Note } from '@oauth-lab/course/differences/compare.ts'
import { highlightFile } from '@oauth-lab/course/differences/highlight.ts'
import { renderHunk } from '@oauth-lab/course/differences/hunk-html.ts'
import { describeStep } from '@oauth-lab/course/differences/stat.ts'
import { readStep } from '@oauth-lab/course/differences/step.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { slug } from 'github-slugger'
import { titleOf, type VersionPair } from '../known-versions.ts'
import { hrefOfFile } from '../lesson/code-places.ts'
import { hrefInApp } from '../lesson/links.ts'
import { renderMarkdown } from '../lesson/render-markdown.ts'
import { textAt } from '../lesson/running-addresses.ts'
import type { Slot } from '../runner.ts'

type Addresses = Slot['addresses'] | undefined

/**
 * How two versions differ, with the notes of the lessons, ready to be shown.
 *
 * @param tests whether to include test files
 * @param addresses of the running programs, or undefined to leave the texts unchanged
 */
export async function differenceOf(pair: VersionPair, tests: boolean, addresses: Addresses) {
  const step = readStep(pair.older, pair.newer, { tests })
  const files: Awaited<ReturnType<typeof viewFile>>[] = []
  let hunkCount = 0
  for (const file of step.files) {
    // Lets other requests run in between.
    await setImmediate()
    files.push(await viewFile(pair, file, addresses, hunkCount))
    hunkCount += file.hunks.length
  }
  return { size: describeStep(step.files), files, hunkCount }
}

async function viewFile(
  { older, newer }: VersionPair,
  file: FileChange,
  addresses: Addresses,
  hunksBefore: number,
) {
  const styled = await highlightFile(file)
  const { path, kind, movedFrom, isText, intro } = file
  const notes = new Map<Note, string>()
  for (const note of file.hunks.flatMap((hunk) => hunk.notes)) {
    notes.set(note, await renderNote(note, addresses))
  }
  const hunks = file.hunks.map((hunk, i) => {
    const names: [string, string] = [titleOf(older), titleOf(newer)]
    const sides = i === 0 && kind === 'changed' ? names : undefined
    return {
      /** Counted from 1 over all files. */
      number: hunksBefore + i + 1,
      html: renderHunk(hunk, { styled, noteHtml: (note) => notes.get(note) ?? '', sides }),
    }
  })
  const { name: version } = newer.leadsTo ?? newer
  return {
    path,
    /** The anchor of its part of the page. */
    anchor: slug(path),
    kind,
    movedFrom,
    ...countLines([file]),
    isText,
    intro: intro === '' ? '' : await renderNote({ text: intro, version }, addresses),
    hunks,
    /** The pages of the whole file, on each side that has it. */
    olderHref: kind === 'new' ? undefined : hrefOfFile(older, movedFrom ?? path),
    newerHref: kind === 'deleted' ? undefined : hrefOfFile(newer, path),
  }
}

/** A text of a lesson, with the addresses of the running programs and with links into this app. */
export function renderNote(
  { text, version }: Pick<Note, 'text' | 'version'>,
  addresses: Addresses,
): Promise<string> {
  const lesson = join(ROOT, 'versions', version, 'README.md')
  return renderMarkdown(textAt(text, addresses), {
    hrefOf: (href) => hrefInApp(href, lesson),
    anchors: new Map(),
    up: 0,
  })
}
