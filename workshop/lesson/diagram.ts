import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'

/** The approximate height of a line of a sequence diagram, and of its frame, in pixels. */
const LINE_HEIGHT = 46
const FRAME_HEIGHT = 210

/**
 * A diagram for a page: its source as text, which `diagrams.js` draws in the browser. The page reserves the space
 * for the drawing.
 *
 * @param source in the language of Mermaid
 */
export function htmlOfDiagram(source: string): string {
  const caption = describe(source)
  const height = FRAME_HEIGHT + linesOf(source).length * LINE_HEIGHT
  return `<figure class="diagram" style="--height: ${height}px">
<div class="drawing scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"></div>
<details class="diagram-source" open><summary>The diagram as text</summary>
<pre>${escapeHtml(source)}</pre>
</details>
<figcaption>${escapeHtml(caption)}</figcaption>
</figure>
`
}

/** The content of a diagram in one sentence: its caption, and its name for a screen reader. */
function describe(source: string): string {
  const names = [...source.matchAll(/^ *participant \w+ as (.+)$/gm)].map(([, name = '']) => name)
  const last = names.pop()
  const messages = linesOf(source).filter((line) => line.includes('>>')).length
  return `Sequence diagram: ${messages} messages between ${names.join(', ')} and ${last}`
}

/** Messages and notes. */
function linesOf(source: string): string[] {
  return source.split('\n').filter((line) => /^ *(\w+-+>>\w+:|note )/.test(line))
}
