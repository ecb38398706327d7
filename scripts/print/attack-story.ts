import type { Check } from '@oauth-lab/course/attacks/attack.ts'
import type { FoundLine } from '@oauth-lab/course/attacks/deciding-lines.ts'
import type { Performance } from '@oauth-lab/course/attacks/play.ts'
import { shorten } from '@oauth-lab/course/attacks/shorten.ts'
import type {
  Address,
  Message,
  MessageResponse,
  Parameter,
  Step,
} from '@oauth-lab/course/attacks/story.ts'
import {
  CHANNELS,
  signBetween,
  tellRemedy,
  VERDICTS,
} from '@oauth-lab/course/attacks/story-words.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { paint } from './ansi.ts'
import { fill, indented } from './wrap.ts'

/** Prints a story: its head, its steps, and its end. */
export function printStory(performance: Performance, stoppers: FoundLine[]): string {
  const { story } = performance
  return [
    printHead(performance),
    ...story.steps.map((step, index) => printStep(step, index + 1)),
    printEnd(performance, stoppers),
  ].join('\n\n')
}

/** Prints the lines that were removed from a copy before the attack. */
export function printWeakening({ name }: Version, check: Check): string {
  const edits = [check, ...(check.also ?? [])].flatMap(({ file, line, without }) => [
    `   ${file}`,
    paint(`      - ${line}`, 'red'),
    ...(without === '' ? [] : without.split('\n').map((text) => paint(`      + ${text}`, 'green'))),
  ])
  return [`A copy of ${name} without the check that blocks this attack`, ...edits, ''].join('\n')
}

function printHead({ attack, version, story }: Performance): string {
  const lines = [paint(`${attack.slug} on ${version.name}`, 'bold'), indented(attack.title, 0)]
  if (story.start !== '') lines.push('', 'The attacker starts with', indented(story.start, 3))
  return lines.join('\n')
}

function printStep(step: Step, number: number): string {
  const { from, to, channel, message, meaning } = step
  const head =
    from === to
      ? paint(from, 'bold')
      : `${paint(`${from} -> ${to}`, 'bold')}  ${paint(CHANNELS[channel], 'dim')}`
  const lines = [`${String(number).padStart(2)} ${head}`]
  if (message !== undefined) lines.push(...printMessage(message))
  return [...lines, indented(meaning, 3)].join('\n')
}

function printMessage(message: Message): string[] {
  const { method, response } = message
  const [path = '', ...sent] = printAddress(message)
  const received = [printResponse(response), ...response.parameters.map(printParameter)]
  if (response.location !== undefined) {
    const [where = '', ...carried] = printAddress(response.location)
    received[0] += `, to ${response.location.at} ${where}`
    received.push(...carried)
  }
  return [[`${method} ${path}`, ...sent], received].map((pieces) =>
    paint(fill(pieces, '  ', 3), 'cyan'),
  )
}

function printResponse({ status, says }: MessageResponse): string {
  return says === undefined ? `response ${status}` : `response ${status} "${says}"`
}

function printAddress({ path, parameters }: Address): string[] {
  return [path, ...parameters.map(printParameter)]
}

function printParameter({ name, value, whose }: Parameter): string {
  const owner = whose === undefined ? '' : ` (${whose}'s)`
  return `${name}${signBetween(name)}${shorten(value)}${owner}`
}

function printEnd(performance: Performance, stoppers: FoundLine[]): string {
  const { ending } = performance
  const verdict = VERDICTS[ending.result]
  if (ending.result === 'nothing') {
    return [paint(verdict, 'bold'), indented(ending.holds, 3)].join('\n')
  }
  return [
    `${paint(verdict, ending.result === 'succeeds' ? 'red' : 'green')} At the end:`,
    indented(ending.holds, 3),
    ...(ending.result === 'succeeds'
      ? printRemedy(performance)
      : printStoppers(performance, stoppers)),
  ].join('\n')
}

function printRemedy({ attack, version }: Performance): string[] {
  const remedy = tellRemedy(attack, version)
  return remedy === undefined ? [] : [remedy.heading, indented(remedy.text, 3)]
}

function printStoppers({ attack }: Performance, stoppers: FoundLine[]): string[] {
  if (stoppers.length === 0) return ['The rule', indented(attack.rule, 3)]
  const places = stoppers.flatMap(({ file, number, line }) => [
    `   ${file}:${number}`,
    `      ${line}`,
  ])
  return ['What blocked it', ...places, 'The rule', indented(attack.rule, 3)]
}
