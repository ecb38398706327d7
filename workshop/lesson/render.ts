import { join } from 'node:path'
import type { Part } from '@oauth-lab/course/lessons/lesson.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { hrefInApp } from './links.ts'
import { renderInline, renderMarkdown } from './render-markdown.ts'

export interface RenderOptions {
  /** Where a link leads, from the address that it has in this app. */
  hrefOf?: (href: string) => string
  /** The level at which headings inside of a part begin. */
  topLevel?: 2 | 3
}

const LEVEL_IN_LESSON = 3

/** A piece of a part as HTML; its source begins where the part does, or has no headings. */
export function renderPart(
  version: Version,
  { headings }: Part,
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
