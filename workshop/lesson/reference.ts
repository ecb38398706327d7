import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { headingsOf } from '@oauth-lab/course/lessons/markdown.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import type { Slot } from '../runner.ts'
import { hrefInApp } from './links.ts'
import { renderInline, renderMarkdown } from './render-markdown.ts'
import { textAt } from './running-addresses.ts'

/** A page of the reference. */
export type Doc = ReturnType<typeof parse>

const DOCS = join(ROOT, 'docs')
/** The most used pages come first. */
const FIRST = ['glossary', 'errors', 'attacks']
/** The page has its own list beside it. */
const OWN_CONTENTS = /^\*\*Contents\*\*\n[\s\S]*?\n(?=## )/m

const known = new Map<string, { stamp: string; doc: Doc }>()

/** Every text in docs/. */
export function listDocs(): Doc[] {
  const names = readdirSync(DOCS)
    .filter((file) => file.endsWith('.md'))
    .map((file) => basename(file, '.md'))
  const rest = names.filter((name) => !FIRST.includes(name)).sort()
  return [...FIRST.filter((name) => names.includes(name)), ...rest].map(read)
}

/**
 * A text as HTML, with its title as the first heading, and the same anchors as in the repo.
 *
 * @param addresses of the running programs, or undefined to leave the text unchanged
 */
export function htmlOfDoc(
  { source, anchors, file }: Doc,
  addresses?: Slot['addresses'],
): Promise<string> {
  const hrefOf = (href: string) => hrefInApp(href, file)
  return renderMarkdown(textAt(source, addresses), { hrefOf, anchors, up: 0 })
}

function read(name: string): Doc {
  const file = join(DOCS, `${name}.md`)
  const { mtimeMs, size } = statSync(file)
  const stamp = `${mtimeMs} ${size}`
  const before = known.get(name)
  if (before?.stamp === stamp) return before.doc

  const doc = parse(name, file)
  known.set(name, { stamp, doc })
  return doc
}

function parse(name: string, file: string) {
  const source = readFileSync(file, 'utf8').replaceAll('\r\n', '\n').replace(OWN_CONTENTS, '')
  const all = headingsOf(source)
  const [title, ...headings] = all
  const paragraph = source.split('\n\n')[1] ?? ''
  return {
    /** The end of its address: `errors`. */
    name,
    title: title?.text ?? name,
    /** Its first paragraph as HTML. */
    lead: renderInline(paragraph.replaceAll('\n', ' '), (href) => hrefInApp(href, file)),
    headings,
    anchors: new Map(all.map(({ line, anchor }) => [line, anchor])),
    file,
    source,
  }
}
