import { diffArrays } from 'diff'
import type { Act } from './wire-play.ts'
import type { Field, Message } from './wire-record.ts'

/** Whether something is the same in both versions, new in the newer one, or gone from it. */
export type Sign = ' ' | '+' | '-'

/** The change of a field. */
export interface FieldChange extends Field {
  sign: Sign
}

/** The change of a message. */
export interface MessageChange extends Pick<Message, 'from' | 'to' | 'request' | 'isAnswer'> {
  sign: Sign
  /** Through the browser, or directly between programs. */
  channel: 'front' | 'back'
  /** The fields of both versions. */
  fields: FieldChange[]
  /** Whether nothing differs. */
  isSame: boolean
}

/** An action of the user, and the changes of its messages. */
export interface ActChange {
  name: string
  messages: MessageChange[]
  /** Why each version stopped early, if it did. */
  olderEnd: string | undefined
  newerEnd: string | undefined
}

/** The differences between the messages of two versions, act by act, without acts that have no messages. */
export function diffWire(olderActs: Act[], newerActs: Act[]): ActChange[] {
  return newerActs
    .map(({ name, messages, end }, i): ActChange => {
      const before = olderActs[i]
      const changes = pairUp(before?.messages ?? [], messages)
      return { name, messages: changes, olderEnd: before?.end, newerEnd: end }
    })
    .filter(({ messages, olderEnd, newerEnd }) => {
      return messages.length > 0 || olderEnd !== undefined || newerEnd !== undefined
    })
}

function pairUp(older: Message[], newer: Message[]): MessageChange[] {
  const changes = diffArrays(older.map(kindOf), newer.map(kindOf))
  const rest = { older: [...older], newer: [...newer] }
  return changes.flatMap(({ value, added, removed }) =>
    value.flatMap(() => {
      const before = added ? undefined : rest.older.shift()
      const after = removed ? undefined : rest.newer.shift()
      return compare(before, after)
    }),
  )
}

/** Messages with the same key count as the same message in two versions. */
function kindOf({ from, to, request, isAnswer }: Message): string {
  return `${from} ${to} ${isAnswer} ${request}`
}

function compare(older: Message | undefined, newer: Message | undefined): MessageChange[] {
  const message = newer ?? older
  if (message === undefined) return []
  const { from, to, request, isAnswer } = message
  const fields = diffFields(older?.fields ?? [], newer?.fields ?? [])
  const sign = older === undefined ? '+' : newer === undefined ? '-' : ' '
  return [
    {
      from,
      to,
      request,
      isAnswer,
      sign,
      channel: [from, to].includes('browser') ? 'front' : 'back',
      fields,
      isSame: sign === ' ' && fields.every((field) => field.sign === ' '),
    },
  ]
}

/** Puts changed fields of one name together, the older above the newer. */
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
