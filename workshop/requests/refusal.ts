import { realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readText } from '@oauth-lab/course/differences/files.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { hrefOfFile } from '../lesson/code-places.ts'
import { linkRules } from '../lesson/linked-text.ts'
import type { Exchange } from '../traffic/message.ts'

const CITATION = /RFC \d+ (?:section|appendix) [\dA-Z]/
/** What ends the thought that a comment starts: a gap, another refusal, the end of a block, or an action. */
const OTHER_THOUGHT = /^$|\bthrow\b|^}|^(await )?[\w.]+\(.*\)$|^delete |^[\w.]+ = /

/**
 * The error that rejected the request of an exchange, if one did: what it says, and the line that threw it, in the
 * version's own code or else in the code that all versions share. Without a line, Fastify or Node rejected the request
 * before any code of the lab ran.
 */
export function refusedBy({ refusal, version }: Exchange) {
  if (refusal === undefined) return undefined
  // What called Fastify, such as a hook that was done, has nothing to do with an error of Fastify's own.
  const end = refusal.calls.findIndex((call) =>
    /node_modules[\\/]fastify[\\/](?!lib[\\/]reply\.js)/.test(call),
  )
  const calls = end === -1 ? refusal.calls : refusal.calls.slice(0, end)
  const own = calls.map((call) => placeIn(version.folder, version.id, call))
  const shared = calls.map((call) => placeIn(join(ROOT, 'shared'), 'shared', call))
  const place = own.find((one) => one && isProgramCode(one.file)) ?? shared.find((one) => one)
  return { message: refusal.message, place }
}

/** The line of a call in a stack, if it is in a folder, and the rule that the file cites above it, if it does. */
function placeIn(folder: string, id: string, call: string) {
  try {
    // Node writes the address of a module, or a path.
    const [, address = '', number] = /^(.*):(\d+)$/.exec(call) ?? []
    const isPath = !address.startsWith('file:')
    const path = isPath ? address : fileURLToPath(address.split('?', 1)[0] ?? '')
    // A stack has no symbolic links.
    const file = relative(realpathSync(folder), path).replaceAll(sep, '/')
    if (!/^\w/.test(file) || file.includes('node_modules')) return undefined
    const line = Number(number)
    const lines = readText(folder, file)?.split(/\r?\n/) ?? []
    const code = lines[line - 1]?.trim()
    if (code === undefined) return undefined
    const rule = ruleAbove(lines, line)
    const href = `${hrefOfFile({ id }, file)}#L${line}`
    return { file, line, href, code, rule: rule === undefined ? undefined : linkRules(rule) }
  } catch {
    // A copy can give its errors any stack.
    return undefined
  }
}

/**
 * The comment with the rule behind a line: the nearest that cites a section of an RFC. First the one of the same
 * thought, then those of the blocks and functions around it, then any further up.
 *
 * @param line counts from 1
 */
export function ruleAbove(lines: string[], line: number): string | undefined {
  const comments: { rank: number; text: string }[] = []
  let comment: string[] = []
  let [isSameThought, opensBlock] = [true, false]
  let depth = indentOf(lines[line - 1])
  for (let at = line - 2; at >= -1; at -= 1) {
    const source = lines[at] ?? ''
    const text = source.trim()
    if (/^(\/\/|\/?\*)/.test(text)) {
      comment.push(text)
      continue
    }
    if (comment.length > 0) {
      // Those of functions speak of more than their next line.
      const rank = isSameThought ? 0 : opensBlock ? 1 : comment[0]?.endsWith('*/') ? 2 : 3
      comments.push({ rank, text: textOf(comment.reverse()) })
      comment = []
      isSameThought = false
    }
    isSameThought &&= !OTHER_THOUGHT.test(text)
    opensBlock = text !== '' && indentOf(source) < depth
    // The last line of a function's head closes its list of parameters.
    if (opensBlock) depth = indentOf(source) + (/^[)}]/.test(text) ? 1 : 0)
  }
  comments.sort((one, other) => one.rank - other.rank)
  return comments.find(({ text }) => CITATION.test(text))?.text
}

/** The text of a comment, up to its first tag. */
function textOf(comment: string[]): string {
  const text = comment.map((line) => line.replace(/^\/\/ ?|^\/?\*+\/? ?|\*\/$/g, '')).join(' ')
  return (text.split(' @')[0] ?? '').replace(/\s+/g, ' ').trim()
}

function indentOf(line = ''): number {
  return line.search(/\S|$/)
}
