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
  return align(older, newer, kindOf).flatMap(([before, after]) => compare(before, after))
}

/** Pairs what has the same name at the same place in both. What only one of them has stays alone. */
function align<T>(older: T[], newer: T[], nameOf: (one: T) => string) {
  const [olderRest, newerRest] = [[...older], [...newer]]
  return diffArrays(older.map(nameOf), newer.map(nameOf)).flatMap(({ value, added, removed }) =>
    value.map((): [T | undefined, T | undefined] => {
      return [added ? undefined : olderRest.shift(), removed ? undefined : newerRest.shift()]
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
  return align(older, newer, ({ name }) => name).flatMap(([before, after]): FieldChange[] => {
    if (after !== undefined && before?.value === after.value) return [{ ...after, sign: ' ' }]
    return [
      ...(before === undefined ? [] : [{ ...before, sign: '-' as const }]),
      ...(after === undefined ? [] : [{ ...after, sign: '+' as const }]),
    ]
  })
}
