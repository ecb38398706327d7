import type { Attack, Ending } from '@oauth-lab/course/attacks/attack.ts'
import type { FoundLine } from '@oauth-lab/course/attacks/deciding-lines.ts'
import type {
  Address,
  Channel,
  Message,
  MessageResponse,
  Parameter,
  Party,
  Step,
} from '@oauth-lab/course/attacks/story.ts'
import {
  CHANNELS,
  shorten,
  signBetween,
  tellRemedy,
  VERDICTS,
} from '@oauth-lab/course/attacks/story-words.ts'
import type { PlayTrouble } from '../jobs/tell-trouble.ts'
import { type KnownVersion, titleOf } from '../known-versions.ts'
import type { PlayedAttack } from './play-attack.job.ts'
import type { Play, Turn } from './plays.ts'
import { type LinkedText, linkRules } from './rule-links.ts'

/** A step, ready to draw: an arrow between lanes, the request, the response, and the meaning. */
export interface StepView {
  from: Party
  to: Party
  /** Lanes count from 1. */
  lane: { first: number; span: number; direction: 'left' | 'right' | 'none' }
  channel: Channel
  channelText: string
  request: MessageView | undefined
  response: MessageView | undefined
  meaning: string
}

/** A request or a response on one line. */
export interface MessageView {
  text: string
  says: string | undefined
  parameters: ParameterView[]
}

/** A parameter as shown. */
export interface ParameterView {
  text: string
  /** The full value, if the text shortens it. */
  whole: string | undefined
  whose: Parameter['whose']
}

/** A line of a version's source, with a link to its page. */
export interface LineView {
  place: string
  href: string
  line: string
}

/** The outcome of one turn, ready to show. */
export interface TurnView {
  title: string
  /** Lines that were removed from a copy of the version, and what replaced them. */
  weakening: { file: string; line: string; without: string }[]
  isPlaying: boolean
  trouble: PlayTrouble | undefined
  start: string
  steps: StepView[]
  ending: EndingView | undefined
}

export interface EndingView {
  result: Ending['result']
  verdict: string
  holds: string
  stoppers: LineView[]
  remedy: { heading: string; text: LinkedText[] } | undefined
  rule: LinkedText[]
}

/** A play, ready to show. */
export interface PlayView {
  id: string
  attack: Attack
  isPlaying: boolean
  stepwise: boolean
  lanes: string[]
  turns: TurnView[]
  /** The number of steps in the longest story. */
  stepCount: number
}

const LANES = ['attacker', 'victim', 'client', 'server']
/** Lanes that few stories need: another program, and another website. */
const RARE = ['api', 'elsewhere']
const NO_STORY = { start: '', steps: [] }

/** A play in its current state. */
export function viewPlay(play: Play): PlayView {
  const { id, attack, stepwise } = play
  const stories = play.turns.map(({ outcome }) => {
    return outcome !== undefined && 'played' in outcome ? outcome.played.story : NO_STORY
  })
  const steps = stories.flatMap((story) => story.steps)
  const parties: (string | undefined)[] = steps.flatMap((step) => [step.from, step.to])
  const lanes = [...LANES, ...RARE.filter((lane) => parties.includes(lane))]
  return {
    id,
    attack,
    stepwise,
    lanes,
    isPlaying: play.turns.some(({ outcome }) => outcome === undefined),
    turns: play.turns.map((turn) => viewTurn(attack, turn, lanes)),
    stepCount: Math.max(...stories.map((story) => story.steps.length)),
  }
}

/** The page of a line that `findLine` found. */
export function viewLine({ id, name }: KnownVersion, { file, number, line }: FoundLine): LineView {
  // In the version's folder, or in the code all versions share.
  const [, path] = /^(?:versions|playground)\/[^/]+\/(.+)$/.exec(file) ?? []
  const inCopy = file.startsWith(`${name}/`) ? file.slice(name.length + 1) : undefined
  const below = path ?? inCopy
  const page = below === undefined ? `/code/${file}` : `/code/${id}/${below}`
  return { place: `${below ?? file}:${number}`, href: `${page}#L${number}`, line }
}

function viewTurn(attack: Attack, { version, without, outcome }: Turn, lanes: string[]): TurnView {
  const played = outcome && 'played' in outcome ? outcome.played : undefined
  return {
    title: titleOf(version),
    weakening: without === undefined ? [] : [without, ...(without.also ?? [])],
    isPlaying: outcome === undefined,
    trouble: outcome && 'trouble' in outcome ? outcome.trouble : undefined,
    start: played?.story.start ?? '',
    steps: played?.story.steps.map((step) => viewStep(step, lanes)) ?? [],
    ending: played && viewEnding(attack, version, played),
  }
}

function viewEnding(
  attack: Attack,
  version: KnownVersion,
  { ending, stoppers }: PlayedAttack,
): EndingView {
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

function viewStep({ from, to, channel, message, meaning }: Step, lanes: string[]): StepView {
  return {
    from,
    to,
    lane: placeArrow(laneOf(from, lanes), laneOf(to, lanes)),
    channel,
    channelText: CHANNELS[channel],
    request: message && viewRequest(message),
    response: message && viewResponse(message.response),
    meaning,
  }
}

function laneOf(party: Party, lanes: string[]): number {
  return lanes.findIndex((lane) => party.startsWith(lane)) + 1
}

function placeArrow(from: number, to: number): StepView['lane'] {
  const direction = from === to ? 'none' : from < to ? 'right' : 'left'
  return { first: Math.min(from, to), span: Math.abs(from - to) + 1, direction }
}

function viewRequest({ method, path, parameters }: Message): MessageView {
  return { text: `${method} ${path}`, says: undefined, parameters: parameters.map(viewParameter) }
}

function viewResponse({ status, says, location, parameters }: MessageResponse): MessageView {
  const where = location === undefined ? '' : `, to ${location.at} ${location.path}`
  const all: Address['parameters'] = [...parameters, ...(location?.parameters ?? [])]
  return { text: `${status}${where}`, says, parameters: all.map(viewParameter) }
}

function viewParameter({ name, value, whose }: Parameter): ParameterView {
  const shown = shorten(value)
  return {
    text: `${name}${signBetween(name)}${shown}`,
    whole: shown === value ? undefined : value,
    whose,
  }
}
