import { realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readText } from '@oauth-lab/course/differences/files.ts'
import { isProgramCode } from '@oauth-lab/course/programs/programs.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { hrefOfFile } from '../lesson/code-places.ts'
import { type LinkedText, linkRules } from '../lesson/linked-text.ts'
import type { Exchange } from '../traffic/message.ts'

/** The line that refused a request. */
export interface Refused {
  /** What the error says. Empty if there was none. */
  message: string
  /** Undefined if Fastify or Node refused it before any code of the lab ran. */
  place: RefusedAt | undefined
}

interface RefusedAt {
  file: string
  line: number
  href: string
  /** The line itself, without its indentation. */
  code: string
  /** The comment with the rule, its sections as links. Undefined if the file cites none above the line. */
  rule: LinkedText[] | undefined
}

const CITATION = /RFC \d+ (?:section|appendix) [\dA-Z]/

/** The line that refused the request of an exchange: of its version, else of the code that all versions share. */
export function refusedBy({ refusal, version }: Exchange): Refused | undefined {
  if (refusal === undefined) return undefined
  // What called Fastify, such as a hook that was done, has nothing to do with an error of Fastify's own.
  const end = refusal.calls.findIndex((call) =>
    /node_modules[\\/]fastify[\\/](?!lib[\\/]reply\.js)/.test(call),
  )
  const places = (end === -1 ? refusal.calls : refusal.calls.slice(0, end)).map(placeOf)
  const own = places.map((place) => within(version.folder, version.id, place))
  const shared = places.map((place) => within(join(ROOT, 'shared'), 'shared', place))
  const place = own.find((one) => one && isProgramCode(one.file)) ?? shared.find((one) => one)
  return { message: refusal.message, place }
}

/** A call in a stack, as Node writes it: with the address of a module, or with a path. */
function placeOf(call: string): { path: string; line: number } {
  const [, address = '', line] = /^(.*):(\d+)$/.exec(call) ?? []
  return { path: pathOf(address), line: Number(line) }
}

function pathOf(address: string): string {
  try {
    return address.startsWith('file:') ? fileURLToPath(address.split('?', 1)[0] ?? '') : address
  } catch {
    // A copy can give its errors any stack.
    return ''
  }
}

/** The place in a folder, if it is in it. A stack has no symbolic links. */
function within(
  folder: string,
  id: string,
  { path, line }: { path: string; line: number },
): RefusedAt | undefined {
  try {
    const file = relative(realpathSync(folder), path).replaceAll(sep, '/')
    if (!/^\w/.test(file) || file.includes('node_modules')) return undefined
    const lines = readText(folder, file)?.split(/\r?\n/) ?? []
    const code = lines[line - 1]?.trim()
    if (code === undefined) return undefined
    const href = `${hrefOfFile({ id }, file)}#L${line}`
    const rule = ruleAbove(lines, line)
    return { file, line, href, code, rule: rule === undefined ? undefined : linkRules(rule) }
  } catch {
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
  const comments = [
    commentOfThought(lines, line - 1),
    ...commentsAround(lines, line - 1),
    ...commentsAbove(lines, line - 1),
  ]
  return comments.find((comment) => CITATION.test(comment))
}

/** What ends the thought that a comment starts: a gap, another refusal, the end of a block, or an action. */
const OTHER_THOUGHT = /^$|\bthrow\b|^}|^(await )?[\w.]+\(.*\)$|^delete |^[\w.]+ = /

function commentOfThought(lines: string[], at: number): string {
  for (let index = at - 1; index >= 0; index -= 1) {
    const text = (lines[index] ?? '').trim()
    if (isComment(text)) return commentEndingAt(lines, index)
    if (OTHER_THOUGHT.test(text)) return ''
  }
  return ''
}

/** The comments right above the starts of the blocks around a line, from the inside out. */
function commentsAround(lines: string[], at: number): string[] {
  const comments: string[] = []
  let depth = indentOf(lines[at])
  for (let index = at - 1; index >= 0; index -= 1) {
    const text = lines[index] ?? ''
    if (text.trim() === '' || indentOf(text) >= depth) continue
    // The last line of a function's head closes its list of parameters.
    depth = indentOf(text) + (/^\s*[)}]/.test(text) ? 1 : 0)
    if (isComment((lines[index - 1] ?? '').trim())) comments.push(commentEndingAt(lines, index - 1))
  }
  return comments
}

/** The comments further up, the nearest first. Those of functions speak of more than their next line. */
function commentsAbove(lines: string[], at: number): string[] {
  const isIt = lines.slice(0, at).map((line) => isComment(line.trim()))
  // Only the last line of each comment: it stands for the others.
  const ends = isIt.flatMap((is, index) => (is && !isIt[index + 1] ? [index] : []))
  const isOfFunction = (end: number) => /\*\/$/.test(lines[end] ?? '')
  return [...ends.filter(isOfFunction).reverse(), ...ends.reverse()].map((end) => {
    return commentEndingAt(lines, end)
  })
}

function isComment(text: string): boolean {
  return /^(\/\/|\/?\*)/.test(text)
}

/** The text of the comment whose last line this is, up to its first tag. */
function commentEndingAt(lines: string[], end: number): string {
  let start = end
  while (start > 0 && isComment((lines[start - 1] ?? '').trim())) start -= 1
  const text = lines
    .slice(start, end + 1)
    .map((line) => line.trim().replace(/^\/\/ ?|^\/?\*+\/? ?|\*\/$/g, ''))
  return (text.join(' ').split(' @')[0] ?? '').replace(/\s+/g, ' ').trim()
}

function indentOf(line = ''): number {
  return line.search(/\S|$/)
}
