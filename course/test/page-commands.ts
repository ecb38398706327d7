import type { MarkdownPage } from './markdown-page.ts'

/** Which version a command runs against, and how to start it. */
export interface Setup {
  /** Such as `v03`. */
  version: string
  /** Settings for its programs, such as CODE_TTL. */
  settings: Record<string, string>
  /** Whether the client runs alone, as if its server had been stopped. */
  withoutServer: boolean
}

/** A command on a page, and the output that the page shows for it. */
export interface Step {
  command: string
  expected: string
  line: number
  /** The same object for all steps against one running version. */
  setup: Setup
}

const MARKER = /^<!-- run: (.*?) -->/
const SETTING = /^([A-Z_]+)=(.*)$/

/**
 * The commands of a page, from top to bottom: every ```sh block. If the next block is a ```text block, it
 * is the output. Otherwise the command prints nothing. A ```shell block is for commands that readers type
 * but the test doesn't run, such as one that starts the lab.
 *
 * `<!-- run: v03 -->` starts that version, in place of the one before. Settings may follow,
 * `<!-- run: v03 CODE_TTL=0.2 -->`, and `no-server`, for a client whose server was stopped. The whole page
 * uses one shell, so variables and functions stay from one command to the next. It starts in an empty
 * folder, but a block that starts with `npm ` runs at the top of the repo.
 *
 * @param version the one to start with, until the page names another
 * @throws {Error} for a command before any version
 */
export function readCommands(page: MarkdownPage, version?: string): Step[] {
  const setups = page.html.flatMap(({ text, line }) => {
    const marker = MARKER.exec(text)?.[1]
    return marker === undefined ? [] : { line, setup: readMarker(marker) }
  })
  if (version !== undefined) setups.unshift({ line: 0, setup: readMarker(version) })

  return page.blocks.flatMap(({ language, text, line }, index) => {
    if (language !== 'sh') return []
    const setup = setups.findLast((candidate) => candidate.line < line)?.setup
    if (setup === undefined) {
      throw new Error(
        `line ${line}: no <!-- run: vNN --> above says which version to run this against`,
      )
    }
    const next = page.blocks[index + 1]
    const expected = next?.language === 'text' ? next.text : ''
    return { command: text, expected, line, setup }
  })
}

function readMarker(marker: string): Setup {
  const [version = '', ...options] = marker.split(' ')
  const setup: Setup = { version, settings: {}, withoutServer: false }
  for (const option of options) {
    const [, name, value] = SETTING.exec(option) ?? []
    if (name !== undefined && value !== undefined) setup.settings[name] = value
    else if (option === 'no-server') setup.withoutServer = true
    else throw new Error(`<!-- run: ${marker} -->: ${option} is neither a setting nor no-server`)
  }
  return setup
}

/**
 * Whether output is as expected. `...` in the expected text stands for one or more characters that aren't
 * white space: a code, a token, whatever differs from run to run. White space at the ends of lines doesn't
 * count.
 */
export function isExpected(actual: string, expected: string): boolean {
  const lines = linesOf(actual)
  const promised = linesOf(expected).map(asPattern)
  return (
    lines.length === promised.length &&
    promised.every((pattern, index) => pattern.test(lines[index] ?? ''))
  )
}

/** The pattern for a line of output, in which `...` stands for anything. */
function asPattern(line: string): RegExp {
  const parts = line.split('...').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('\\S+')}$`)
}

function linesOf(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim())
}
