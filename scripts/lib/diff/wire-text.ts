import { diffArrays } from 'diff'
import type { Version } from '../versions.ts'
import type { Paint } from './ansi.ts'
import { stepName } from './compare.ts'
import type { Act } from './wire-play.ts'
import type { Field, Message } from './wire-record.ts'

/** A message of both versions, or of one. */
interface Pair {
  older: Message | undefined
  newer: Message | undefined
}

/** What became of a field: the sign that stands before it. */
interface FieldChange extends Field {
  sign: ' ' | '+' | '-'
}

/** How the messages of a session differ between two versions, message by message. */
export function renderWire(
  [older, newer]: [Version, Version],
  [olderActs, newerActs]: [Act[], Act[]],
  paint: Paint,
): string {
  const lines = [
    paint(`${stepName(older, newer)}, on the wire`, 'bold'),
    'Both were run just now. Random values have names, and ports are the usual ones.',
    `${paint('+', 'green')} is new in ${newer.name}, ${paint('-', 'red')} is gone.`,
  ]
  for (const [i, { name, messages, end }] of newerActs.entries()) {
    const before = olderActs[i]
    const pairs = pairUp(before?.messages ?? [], messages)
    const ends = [
      ...(before?.end === undefined ? [] : [`  ${older.name} went no further: ${before.end}`]),
      ...(end === undefined ? [] : [`  ${newer.name} went no further: ${end}`]),
    ]
    if (pairs.length + ends.length === 0) continue
    lines.push('', paint(name, 'bold'))
    lines.push(...pairs.flatMap((pair) => renderPair(pair, paint)), ...ends)
  }
  return `${lines.join('\n')}\n`
}

function pairUp(older: Message[], newer: Message[]): Pair[] {
  const changes = diffArrays(older.map(describe), newer.map(describe))
  const rest = { older: [...older], newer: [...newer] }
  return changes.flatMap(({ value, added, removed }) =>
    value.map(() => ({
      older: added ? undefined : rest.older.shift(),
      newer: removed ? undefined : rest.newer.shift(),
    })),
  )
}

function describe({ from, to, request, isAnswer }: Message): string {
  return `${from.padEnd(7)} -> ${to.padEnd(7)}  ${isAnswer ? 'answer to ' : ''}${request}`
}

function renderPair({ older, newer }: Pair, paint: Paint): string[] {
  const message = newer ?? older
  if (message === undefined) return []
  const fields = diffFields(older?.fields ?? [], newer?.fields ?? [])
  const sign = older === undefined ? '+' : newer === undefined ? '-' : ' '
  const title = `${channelOf(message)}  ${describe(message)}`
  if (sign === ' ' && fields.every((field) => field.sign === ' ')) {
    return [paint(`  ${title}  (the same)`, 'dim')]
  }
  const width = Math.max(0, ...fields.map(({ name }) => name.length))
  return [
    paintSigned(sign, title, paint),
    ...fields.map((field) => {
      return paintSigned(field.sign, `    ${field.name.padEnd(width)}  ${field.value}`, paint)
    }),
  ]
}

/** Through the browser, or straight from program to program. */
function channelOf({ from, to }: Message): string {
  return [from, to].includes('browser') ? 'front' : 'back '
}

function paintSigned(sign: FieldChange['sign'], text: string, paint: Paint): string {
  if (sign === '+') return paint(`+ ${text}`, 'green')
  if (sign === '-') return paint(`- ${text}`, 'red')
  return `  ${text}`
}

/** Fields of one name that say something else stand together, the older above the newer. */
function diffFields(older: Field[], newer: Field[]): FieldChange[] {
  const names = (fields: Field[]) => fields.map(({ name }) => name)
  const rest = { older: [...older], newer: [...newer] }
  return diffArrays(names(older), names(newer)).flatMap(({ value, added, removed }) =>
    value.flatMap((): FieldChange[] => {
      const before = added ? undefined : rest.older.shift()
      const after = removed ? undefined : rest.newer.shift()
      if (after !== undefined && before?.value === after.value) return [{ ...after, sign: ' ' }]
      return [
        ...(before === undefined ? [] : [{ ...before, sign: '-' as const }]),
        ...(after === undefined ? [] : [{ ...after, sign: '+' as const }]),
      ]
    }),
  )
}
