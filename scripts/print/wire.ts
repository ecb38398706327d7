import { stepName } from '@oauth-lab/course/differences/compare.ts'
import { diffWire, type MessageChange, type Sign } from '@oauth-lab/course/differences/wire-diff.ts'
import type { Act } from '@oauth-lab/course/differences/wire-play.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { paint } from './ansi.ts'

/** How the messages of a session differ between two versions, message by message. */
export function renderWire(
  [older, newer]: [Version, Version],
  [olderActs, newerActs]: [Act[], Act[]],
): string {
  const lines = [
    paint(`${stepName(older, newer)}, on the wire`, 'bold'),
    'Both just ran. Names replace random values, and ports are the default ones.',
    `${paint('+', 'green')} is new in ${newer.name}, ${paint('-', 'red')} is gone.`,
  ]
  for (const { name, messages, olderEnd, newerEnd } of diffWire(olderActs, newerActs)) {
    lines.push('', paint(name, 'bold'))
    lines.push(...messages.flatMap((message) => renderMessage(message)))
    if (olderEnd !== undefined) lines.push(`  ${older.name} stopped here: ${olderEnd}`)
    if (newerEnd !== undefined) lines.push(`  ${newer.name} stopped here: ${newerEnd}`)
  }
  return `${lines.join('\n')}\n`
}

function renderMessage({ sign, fields, isSame, ...message }: MessageChange): string[] {
  const { channel, from, to, isAnswer, request } = message
  const what = isAnswer ? `response to ${request}` : request
  const title = `${channel.padEnd(5)}  ${from.padEnd(7)} -> ${to.padEnd(7)}  ${what}`
  if (isSame) return [paint(`  ${title}  (the same)`, 'dim')]
  const width = Math.max(0, ...fields.map(({ name }) => name.length))
  return [
    paintSigned(sign, title),
    ...fields.map((field) => {
      return paintSigned(field.sign, `    ${field.name.padEnd(width)}  ${field.value}`)
    }),
  ]
}

function paintSigned(sign: Sign, text: string): string {
  if (sign === '+') return paint(`+ ${text}`, 'green')
  if (sign === '-') return paint(`- ${text}`, 'red')
  return `  ${text}`
}
