import { join } from 'node:path'
import type { Version } from '../../scripts/lib/versions.ts'
import { readLesson, type Section } from './lesson.ts'
import { hrefInApp } from './links.ts'
import { renderInline, renderMarkdown } from './markdown.ts'

/** A section of a lesson, ready to be shown. */
export interface RenderedSection {
  slug: string
  title: string
  number: number
  /** Without a heading of its own; those inside of it begin at the third level, or at the second. */
  html: string
}

export interface RenderOptions {
  /** Where a link leads, from the address that it has in this app. */
  hrefOf?: (href: string) => string
  /** The level at which headings inside of a section begin. */
  topLevel?: 2 | 3
}

const LEVEL_IN_LESSON = 3

/** All sections of a lesson as HTML. Links lead to the pages of this app. */
export async function renderLesson(
  version: Version,
  options: RenderOptions = {},
): Promise<{ sections: RenderedSection[] }> {
  const sections: RenderedSection[] = []
  for (const section of readLesson(version).sections) {
    const { slug, title, number, source } = section
    sections.push({
      slug,
      title,
      number,
      html: await renderPart(version, section, source, options),
    })
  }
  return { sections }
}

/** A part of a section as HTML; its source begins where the section does, or has no headings. */
export function renderPart(
  version: Version,
  { headings }: Section,
  source: string,
  { hrefOf = (href) => href, topLevel = LEVEL_IN_LESSON }: RenderOptions = {},
): Promise<string> {
  return renderMarkdown(source, {
    hrefOf: (href) => {
      const inApp = hrefInApp(href, fileOf(version))
      return inApp === undefined ? undefined : hrefOf(inApp)
    },
    anchors: new Map(headings.map(({ line, anchor }) => [line, anchor])),
    up: LEVEL_IN_LESSON - topLevel,
  })
}

/** A sentence of a lesson as HTML. */
export function renderSentence(version: Version, source: string): string {
  return renderInline(source, (href) => hrefInApp(href, fileOf(version)))
}

function fileOf({ folder }: Version): string {
  return join(folder, 'README.md')
}
