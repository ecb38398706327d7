import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Version } from '../programs/versions.ts'
import { playSession } from './wire-play.ts'
import type { Message } from './wire-record.ts'

/** What a message is called that has the same part in each version. */
export interface MessageName {
  program: string
  /** Method and path, such as `POST /token`. */
  request: string
  /** Requests to the same address for another grant are other messages. */
  grantType: string | undefined
  isAnswer: boolean
}

const FILE = join(import.meta.dirname, 'wire-since.json')

/** By the name of a message, and by that of a field in it: the number of the version that sends it first. */
export function readWireSince(): Map<string, number> {
  return new Map(Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, number>))
}

/** Renews the file that `readWireSince` reads. */
export async function writeWireSince(versions: Version[]): Promise<string> {
  writeFileSync(FILE, await renderWireSince(versions))
  return FILE
}

/** Plays a session with each version, and gives what that file should say. */
export async function renderWireSince(versions: Version[]): Promise<string> {
  const since: Record<string, number> = {}
  // One after the other: while a session plays, time may be made to pass for the whole process.
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

/** The name of what a message says, as in the file. */
export function nameOfField(message: string, field: string): string {
  return `${message}: ${field}`
}
