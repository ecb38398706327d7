import { dissect } from './dissect.ts'
import {
  channelOf,
  type Entry,
  lanesAmong,
  type Message,
  type Party,
  partiesOf,
  pathOf,
  receiverOf,
  senderOf,
  wordsOf,
} from './message.ts'
import { capital, titleOf } from './message-kind.ts'
import type { Values } from './values.ts'

const PARTICIPANTS: Record<Party, string> = {
  browser: 'B',
  client: 'C',
  server: 'S',
  api: 'A',
  other: 'O',
}
/** The background of each channel, as in the diagrams of the lessons. */
const GROUNDS = {
  front: ['rgba(120, 160, 220, 0.15)', 'front channel'],
  back: ['rgba(220, 150, 90, 0.15)', 'back channel'],
  outside: ['rgba(128, 128, 128, 0.15)', 'from outside'],
} as const
/** Longer diagrams are unreadable and slow to draw. */
const MOST = 100

/** The messages as a Mermaid sequence diagram, with names for secrets. */
export function toMermaid(entries: Entry[], values: Values): string {
  const shown = entries.slice(-MOST)
  const parties = partiesOf(shown)
  const lanes = lanesAmong(parties)
  const [browser = 'browser', ...programs] = lanes
  const columns = parties.includes('other') ? [browser, 'other' as const, ...programs] : lanes
  const across = `B,${PARTICIPANTS[lanes.at(-1) ?? 'server']}`
  const left = entries.length - shown.length
  return [
    'sequenceDiagram',
    '    autonumber',
    ...columns.map(
      (party) => `    participant ${PARTICIPANTS[party]} as ${capital(wordsOf(party))}`,
    ),
    ...(left > 0 ? [`    note over ${across}: ${left} earlier lines are left out`] : []),
    ...inGroups(shown).flatMap((group) => writeGroup(group, across, values)),
    '',
  ].join('\n')
}

/** Groups of neighbors in the same channel. */
function inGroups(entries: Entry[]): Entry[][] {
  const groups: Entry[][] = []
  for (const entry of entries) {
    const group = groups.at(-1)
    const last = group?.[0]
    if (group !== undefined && last !== undefined && groundOf(last) === groundOf(entry))
      group.push(entry)
    else groups.push([entry])
  }
  return groups
}

function groundOf(entry: Entry): keyof typeof GROUNDS | 'note' {
  return entry.kind === 'note' ? 'note' : channelOf(entry)
}

function writeGroup(group: Entry[], across: string, values: Values): string[] {
  const [first] = group
  if (first === undefined) return []
  const ground = groundOf(first)
  if (ground === 'note') return group.map((entry) => writeNote(entry, across))
  const [color, words] = GROUNDS[ground]
  return [
    `    rect ${color}`,
    `        note over ${across}: ${words}`,
    ...group.flatMap((entry) => (entry.kind === 'note' ? [] : [writeMessage(entry, values)])),
    '    end',
  ]
}

function writeNote(entry: Entry, across: string): string {
  return `    note over ${across}: ${entry.kind === 'note' ? escapeText(entry.text) : ''}`
}

function writeMessage(message: Message, values: Values): string {
  const { exchange, kind } = message
  const [from, to] = [senderOf(message), receiverOf(message)].map((party) => PARTICIPANTS[party])
  const arrow = kind === 'request' ? '->>' : '-->>'
  const { method } = exchange.request
  const what =
    kind === 'request'
      ? `${method} ${pathOf(exchange)}`
      : `${exchange.answer?.status}, ${titleOf(message)}`
  const names = dissect(message)
    .filter(({ minor, title }) => !minor && title !== 'Cookies' && title !== 'Set-Cookie')
    .flatMap(({ fields }) => fields)
    .filter(({ topic }) => topic !== 'header: location')
    .map(({ name, value }) => {
      const named = values.of(value)
      return named?.secret ? `${name} [${named.name}]` : name
    })
  const details = names.length === 0 ? '' : `<br/>${escapeText(names.join(', '))}`
  return `        ${from}${arrow}${to}: ${escapeText(what)}${details}`
}

/** In Mermaid a semicolon ends a line and a hash starts an entity. */
function escapeText(text: string): string {
  return text.replace(/[#;<>]/g, (character) => `#${character.charCodeAt(0)};`).replace(/\s+/g, ' ')
}
