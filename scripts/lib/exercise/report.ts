import { type Paint, wrap } from '../diff/ansi.ts'
import type { CheckResult, Finding } from './check.ts'
import type { Place } from './playground.ts'
import type { Trouble } from './trouble.ts'

const WIDTH = 100
const MARK = 'done'
/** Where the sentences begin: after the mark and the number. */
const INDENT = ' '.repeat(MARK.length + 6)

/**
 * What a check found out, as it is printed: the sentences, how many are done, and where to go on.
 * One that watches checks again by itself, and so does not say how to.
 */
export function renderResult(
  place: Place,
  result: CheckResult,
  paint: Paint,
  watching = false,
): string {
  if (result.kind === 'trouble') return renderTrouble(place, result.trouble, paint, watching)
  const { findings } = result
  const done = findings.filter(({ status }) => status === 'done').length
  const lines = findings.flatMap((finding) => renderFinding(finding, findings, paint))
  const count = `${done} of ${findings.length} sentences are done.`
  const next = done === findings.length ? goOnWhenDone(place) : goOn(place, watching)
  return [...lines, '', count, ...next, ''].join('\n')
}

/** Why a copy can't be checked, and where to look. */
export function renderTrouble(
  { name }: Place,
  trouble: Trouble,
  paint: Paint,
  watching = false,
): string {
  const lines = wrap(trouble.message, WIDTH).map((line) => paint(line, 'red'))
  if (trouble.place !== undefined) lines.push(`Look at playground/${name}/${trouble.place}`)
  const next = watching ? 'Mend this first.' : `Mend this first. Then: npm run check ${name}`
  return [...lines, '', next, ''].join('\n')
}

function renderFinding(finding: Finding, all: Finding[], paint: Paint): string[] {
  const number = `${String(all.indexOf(finding) + 1).padStart(3)}.`
  const isDone = finding.status === 'done'
  const mark = isDone ? paint(MARK, 'green') : ' '.repeat(MARK.length)
  const [first = '', ...rest] = wrap(finding.sentence.text, WIDTH - INDENT.length)
  const sentence = [`${mark} ${number} ${first}`, ...rest.map((line) => INDENT + line)]
  if (isDone) return sentence
  const why = wrap(`not done yet: ${whyNotDone(finding, all)}`, WIDTH - INDENT.length)
  return [...sentence, ...why.map((line) => INDENT + paint(line, 'yellow'))]
}

/** What was seen in place of a sentence, or what comes before it; empty for one that is done. */
export function whyNotDone(finding: Finding, all: Finding[]): string {
  if (finding.status === 'open') return `${finding.seen}. Look at ${finding.place}.`
  if (finding.status === 'done') return ''
  if (finding.sentence.on === 'both') return 'it comes when everything else is done.'
  const numbers = finding.for.map((sentence) => {
    return all.findIndex((other) => other.sentence === sentence) + 1
  })
  return `it comes after ${numbers.join(' and ')}.`
}

function goOnWhenDone({ name, version }: Place): string[] {
  return [
    `The checks don't look at types. Your editor does, or: npx tsc -p playground/${name}`,
    `Next: npm run solution ${name} compares your copy with ${version.name},`,
    `      npm start playground/${name} runs it.`,
  ]
}

function goOn({ name }: Place, watching: boolean): string[] {
  const next = `Next: npm run hint ${name} gives a hint, npm start playground/${name} runs your copy`
  if (watching) return [`${next}.`]
  return [`${next},`, `      npm run check -- ${name} --watch checks it each time that you save.`]
}
