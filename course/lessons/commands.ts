import type { MarkdownPage } from './markdown.ts'

/** Which version answers a command, and how it is started. */
export interface Setup {
  /** Such as `v03`. */
  version: string
  /** Settings that the programs are started with, such as CODE_TTL. */
  settings: Record<string, string>
  /** Whether the client runs alone, as after its server was stopped. */
  withoutServer: boolean
}

/** A command that a page shows, and the answer that it promises. */
export interface Step {
  command: string
  expected: string
  line: number
  /** The same object for all steps that one running version answers. */
  setup: Setup
}

const MARKER = /^<!-- run: (.*?) -->/
const SETTING = /^([A-Z_]+)=(.*)$/

/**
 * The commands of a page, from top to bottom: every block in ```sh. The ```text block that comes next,
 * before any other block, is the answer; where there is none, the command prints nothing. A command
 * that the reader types and the test does not run (one that starts the lab, say) stands in ```shell.
 *
 * `<!-- run: v03 -->` starts that version, in place of the one that ran until there. Settings may
 * follow, `<!-- run: v03 CODE_TTL=0.2 -->`, and `no-server`, for a client whose server was stopped.
 * The shell is the same for the whole page: a variable or function stays from one command to the next.
 * Its folder is empty at first, but a block that begins with `npm ` runs at the top of the repo.
 *
 * @param version the one that runs until the page names another; a lesson's own
 * @throws {Error} for a command that no version answers
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
      throw new Error(`line ${line}: no <!-- run: vNN --> above says which version answers this`)
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
 * Whether an answer is the one that was promised. `...` in the promise stands for one or more
 * characters that are no white space: a code, a token, whatever differs from run to run. White space
 * at the ends of lines does not count.
 */
export function isExpected(actual: string, expected: string): boolean {
  const lines = linesOf(actual)
  const promised = linesOf(expected).map(asPattern)
  return (
    lines.length === promised.length &&
    promised.every((pattern, index) => pattern.test(lines[index] ?? ''))
  )
}

/** A line of output that may differ in what `...` stands for. */
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
