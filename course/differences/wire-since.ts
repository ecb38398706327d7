import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Version } from '../programs/versions.ts'
import { playSession } from './wire-play.ts'
import type { Message } from './wire-record.ts'

/** The key of a message, the same in each version. */
export interface MessageName {
  program: string
  /** Method and path, such as `POST /token`. */
  request: string
  /** Distinguishes requests to one address for different grants. */
  grantType: string | undefined
  isAnswer: boolean
}

const FILE = join(import.meta.dirname, 'wire-since.json')

/** The number of the first version that sends a message or field, by its name. */
export function readWireSince(): Map<string, number> {
  return new Map(Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, number>))
}

/** Writes the file that `readWireSince` reads. */
export async function writeWireSince(versions: Version[]): Promise<string> {
  writeFileSync(FILE, await renderWireSince(versions))
  return FILE
}

/** Plays a session with each version, and returns the text for that file. */
export async function renderWireSince(versions: readonly Version[]): Promise<string> {
  const since: Record<string, number> = {}
  // One after the other, because a session may move the clock of the whole process.
  for (const version of versions) {
    const acts = await playSession(version)
    for (const name of namesIn(acts.flatMap(({ messages }) => messages))) {
      since[name] ??= version.number
    }
  }
  return `${JSON.stringify(since, Object.keys(since).sort(), 2)}\n`
}

function namesIn(messages: Message[]): string[] {
  const grantTypes = new Map<string, string | undefined>()
  return messages.flatMap(({ from, to, request, isAnswer, fields }) => {
    if (!isAnswer) grantTypes.set(request, fields.find(({ name }) => name === 'grant_type')?.value)
    const program = isAnswer ? from : to
    const name = nameOfMessage({ program, request, grantType: grantTypes.get(request), isAnswer })
    return [name, ...fields.map((field) => nameOfField(name, field.name))]
  })
}

/** The name of a message, as in the file. */
export function nameOfMessage({ program, request, grantType, isAnswer }: MessageName): string {
  const grant = grantType === undefined ? '' : ` ${grantType}`
  return `${isAnswer ? 'answer of ' : ''}${program} ${request}${grant}`
}

/** The name of a field, as in the file. */
export function nameOfField(message: string, field: string): string {
  return `${message}: ${field}`
}
