import type { Attack } from '@oauth-lab/course/attacks/attack.ts'
import type { FoundLine } from '@oauth-lab/course/attacks/deciding-lines.ts'
import { shorten } from '@oauth-lab/course/attacks/shorten.ts'
import type {
  Message,
  MessageResponse,
  Parameter,
  Party,
  Step,
} from '@oauth-lab/course/attacks/story.ts'
import {
  CHANNELS,
  signBetween,
  tellRemedy,
  VERDICTS,
} from '@oauth-lab/course/attacks/story-words.ts'
import { type KnownVersion, titleOf } from '../known-versions.ts'
import { linkRules } from '../lesson/linked-text.ts'
import { arrowBetween } from '../traffic/message.ts'
import type { PlayedAttack } from './play-attack.job.ts'
import type { Play, Turn } from './plays.ts'

const LANES = ['attacker', 'victim', 'client', 'server']
/** Lanes that not every story needs. */
const RARE = ['CLI', 'API', 'other API', 'elsewhere']

/** A play in its current state. */
export function viewPlay(play: Play) {
  const { id, attack, stepwise } = play
  const stories = play.turns.map(({ played }) => played?.story.steps ?? [])
  const steps = stories.flat()
  const parties: (string | undefined)[] = steps.flatMap((step) => [step.from, step.to])
  const lanes = [...LANES, ...RARE.filter((lane) => parties.includes(lane))]
  return {
    id,
    attack,
    stepwise,
    lanes,
    isPlaying: play.turns.some(isPlaying),
    turns: play.turns.map((turn) => viewTurn(attack, turn, lanes)),
    stepCount: Math.max(...stories.map(({ length }) => length)),
  }
}

/** The page of a line that `findLine` found. */
export function viewLine({ id, name }: KnownVersion, { file, number, line }: FoundLine) {
  // In the version's folder, or in the code all versions share.
  const [, path] = /^(?:versions|playground)\/[^/]+\/(.+)$/.exec(file) ?? []
  const inCopy = file.startsWith(`${name}/`) ? file.slice(name.length + 1) : undefined
  const below = path ?? inCopy
  const page = below === undefined ? `/code/${file}` : `/code/${id}/${below}`
  return { place: `${below ?? file}:${number}`, href: `${page}#L${number}`, line }
}

function isPlaying({ played, trouble }: Turn): boolean {
  return played === undefined && trouble === undefined
}

function viewTurn(attack: Attack, turn: Turn, lanes: string[]) {
  const { version, without, played, trouble } = turn
  return {
    title: titleOf(version),
    weakening: without === undefined ? [] : [without, ...(without.also ?? [])],
    isPlaying: isPlaying(turn),
    trouble,
    start: played?.story.start ?? '',
    steps: played?.story.steps.map((step) => viewStep(step, lanes)) ?? [],
    ending: played && viewEnding(attack, version, played),
  }
}

function viewEnding(attack: Attack, version: KnownVersion, { ending, stoppers }: PlayedAttack) {
  const { result, holds } = ending
  const remedy = result === 'succeeds' ? tellRemedy(attack, version) : undefined
  return {
    result,
    holds,
    verdict: VERDICTS[result],
    stoppers: result === 'blocked' ? stoppers.map((line) => viewLine(version, line)) : [],
    remedy: remedy && { heading: remedy.heading, text: linkRules(remedy.text) },
    rule: result === 'blocked' ? linkRules(attack.rule) : [],
  }
}

function viewStep(step: Step, lanes: string[]) {
  const { from, to, channel, message } = step
  const laneOf = (party: Party) => lanes.find((lane) => party.startsWith(lane)) ?? ''
  return {
    ...step,
    arrow: arrowBetween(laneOf(from), laneOf(to), lanes),
    channelText: CHANNELS[channel],
    messages: message === undefined ? [] : [viewRequest(message), viewResponse(message.response)],
  }
}

function viewRequest({ method, path, parameters }: Message) {
  const text = `${method} ${path}`
  return { kind: 'request', text, says: undefined, parameters: parameters.map(viewParameter) }
}

function viewResponse({ status, says, location, parameters }: MessageResponse) {
  const where = location === undefined ? '' : `, to ${location.at} ${location.path}`
  const all = [...parameters, ...(location?.parameters ?? [])]
  const text = `response ${status}${where}`
  return { kind: 'response', text, says, parameters: all.map(viewParameter) }
}

function viewParameter({ name, value, whose }: Parameter) {
  const shown = shorten(value)
  return {
    text: `${name}${signBetween(name)}${shown}`,
    whole: shown === value ? undefined : value,
    whose,
  }
}
