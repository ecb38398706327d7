import { highlightText } from '@oauth-lab/course/differences/highlight.ts'
import { escapeHtml } from '@oauth-lab/course/differences/hunk-html.ts'
import type { StyledLine } from '@oauth-lab/course/differences/tokenize.ts'

const SHELL_OUTPUT = 'text'

/**
 * The lines of a text as HTML, with a span for each style.
 *
 * @param language the language of a fenced block, or the extension of a file
 */
export async function htmlLinesOf(text: string, language: string): Promise<string[]> {
  const lines = text.split('\n')
  if (language === 'http') return lines.map(httpLine)
  const styles = await highlightText(text, language === 'shell' ? 'sh' : language)
  return lines.map((line, index) => styledLine(line, styles[index]))
}

/** A block of code. A line that is too long wraps with its own indentation, so nothing has to scroll. */
export async function htmlOfBlock(text: string, language: string): Promise<string> {
  const trimmed = text.replace(/\n$/, '')
  const lines = await htmlLinesOf(trimmed, language)
  const texts = trimmed.split('\n')
  const spans = lines.map((line, index) => {
    const indent = /^ */.exec(texts[index] ?? '')?.[0].length ?? 0
    return `<span class="line" style="--indent: ${indent}">${line}\n</span>`
  })
  const kind = language === SHELL_OUTPUT || language === '' ? 'output' : language
  return `<pre class="code code-${kind}"><code>${spans.join('')}</code></pre>\n`
}

function styledLine(line: string, styles: StyledLine = [[line.length, 'plain']]): string {
  let column = 0
  return styles
    .map(([length, style]) => {
      const text = escapeHtml(line.slice(column, column + length))
      column += length
      return style === 'plain' ? text : `<span class="${style}">${text}</span>`
    })
    .join('')
}

const START = /^(?:(?<method>[A-Z]+) (?<target>\S+) )?HTTP\/1\.1(?<status> \d{3}.*)?$/
const HEADER = /^([A-Za-z-]+)(: .*)$/
/** In a text that is HTML already. */
const PARAMETER = /(\?|&amp;|^)([a-z_]+)(?==)/g

/** A line of a message, with the method or status and the names of headers and parameters highlighted. */
function httpLine(line: string): string {
  const start = START.exec(line)?.groups
  if (start?.status !== undefined)
    return `HTTP/1.1<span class="keyword">${escapeHtml(start.status)}</span>`
  if (start?.method !== undefined) {
    return `<span class="keyword">${start.method}</span> ${parameters(start.target ?? '')} HTTP/1.1`
  }
  const [, name, rest = ''] = HEADER.exec(line) ?? []
  if (name !== undefined) return `<span class="function">${name}</span>${parameters(rest)}`
  return parameters(line)
}

function parameters(text: string): string {
  return escapeHtml(text).replace(PARAMETER, '$1<span class="constant">$2</span>')
}
