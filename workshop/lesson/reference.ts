import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Heading, parsePage } from '@oauth-lab/course/lessons/markdown.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import type { Slot } from '../runner.ts'
import { hrefInApp } from './links.ts'
import { renderInline, renderMarkdown } from './render-markdown.ts'
import { textAt } from './running-addresses.ts'

/** A page of the reference. */
export interface Doc {
  /** The end of its address: `errors`. */
  name: string
  title: string
  /** Its first paragraph as HTML. */
  lead: string
  /** Without its title. */
  headings: Heading[]
  anchors: Map<number, string>
  file: string
  source: string
}

const DOCS = join(ROOT, 'docs')
/** The most used pages come first. */
const FIRST = ['glossary', 'errors', 'attacks']
/** The page has its own list beside it. */
const OWN_CONTENTS = /^\*\*Contents\*\*\n[\s\S]*?\n(?=## )/m

interface Entry {
  stamp: string
  doc: Doc
  /** The finished page, and its source text. */
  page?: { source: string; html: Promise<string> }
}

const known = new Map<string, Entry>()

/** Every text in docs/. */
export function listDocs(): Doc[] {
  const names = readdirSync(DOCS)
    .filter((file) => file.endsWith('.md'))
    .map((file) => basename(file, '.md'))
  const rest = names.filter((name) => !FIRST.includes(name)).sort()
  return [...FIRST.filter((name) => names.includes(name)), ...rest].map((name) => read(name).doc)
}

/**
 * A text as HTML, with its title as the first heading, and the same anchors as in the repo.
 *
 * @param addresses of the running programs, or undefined to leave the text unchanged
 */
export function htmlOfDoc({ name }: Doc, addresses?: Slot['addresses']): Promise<string> {
  const entry = read(name)
  const { anchors, file } = entry.doc
  const source = textAt(entry.doc.source, addresses)
  if (entry.page?.source !== source) {
    const hrefOf = (href: string) => hrefInApp(href, file)
    entry.page = { source, html: renderMarkdown(source, { hrefOf, anchors, up: 0 }) }
  }
  return entry.page.html
}

function read(name: string): Entry {
  const file = join(DOCS, `${name}.md`)
  const { mtimeMs, size } = statSync(file)
  const stamp = `${mtimeMs} ${size}`
  const before = known.get(name)
  if (before?.stamp === stamp) return before

  const source = readFileSync(file, 'utf8').replaceAll('\r\n', '\n').replace(OWN_CONTENTS, '')
  const { headings: all } = parsePage(source)
  const [title, ...headings] = all
  const anchors = new Map(all.map(({ line, anchor }) => [line, anchor]))
  const paragraph = source.split('\n\n')[1] ?? ''
  const lead = renderInline(paragraph.replaceAll('\n', ' '), (href) => hrefInApp(href, file))
  const doc = { name, title: title?.text ?? name, lead, headings, anchors, file, source }
  const entry = { stamp, doc }
  known.set(name, entry)
  return entry
}
