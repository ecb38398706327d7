import type { CheckResult, Finding } from '@oauth-lab/course/exercises/check-copy.ts'
import type { Place } from '@oauth-lab/course/exercises/playground.ts'
import type { Trouble } from '@oauth-lab/course/exercises/trouble.ts'
import { whyNotDone } from '@oauth-lab/course/exercises/why-not-done.ts'
import { paint } from './ansi.ts'
import { fill, wrap } from './wrap.ts'

const WIDTH = 100
const MARKS = { done: 'pass', open: 'fail', waiting: 'wait' } as const
const COLORS = { done: 'green', open: 'red', waiting: 'yellow' } as const
/** Where the text of a check starts: after the mark and the number. */
const INDENT = ' '.repeat(10)

/**
 * The printed results of a copy: each check, how many pass, and what to do next. Checks that wait come last,
 * by what they wait for. With `watching` the checks run again by themselves, so the text doesn't say how to
 * run them.
 */
export function renderResult(place: Place, result: CheckResult, watching = false): string {
  if (result.kind === 'trouble') return renderTrouble(place, result.trouble, watching)
  const { findings } = result
  const done = findings.filter(({ status }) => status === 'done').length
  const lines = findings
    .filter(({ status }) => status !== 'waiting')
    .flatMap((finding) => renderFinding(finding, findings))
  lines.push(...renderWaiting(findings))
  const count = `${done} of ${findings.length} checks pass.`
  const next = done === findings.length ? goOnWhenDone(place) : goOn(place, watching)
  return [...lines, '', count, ...next, ''].join('\n')
}

/** Why a copy can't be checked, and where to look. */
export function renderTrouble({ name }: Place, trouble: Trouble, watching = false): string {
  const lines = wrap(trouble.message, WIDTH).map((line) => paint(line, 'red'))
  if (trouble.place !== undefined) lines.push(`Look at playground/${name}/${trouble.place}`)
  const next = watching ? 'Fix this first.' : `Fix this first. Then: npm run check ${name}`
  return [...lines, '', next, ''].join('\n')
}

function renderFinding(finding: Finding, all: Finding[]): string[] {
  const number = `${String(all.indexOf(finding) + 1).padStart(3)}.`
  const { status, sentence } = finding
  const mark = paint(MARKS[status], COLORS[status])
  const [first = '', ...rest] = wrap(`${sentence.text} [${sentence.id}]`, WIDTH - INDENT.length)
  const text = [`${mark} ${number} ${first}`, ...rest.map((line) => INDENT + line)]
  const why = status === 'done' ? [] : wrap(whyNotDone(finding, all), WIDTH - INDENT.length)
  return [...text, ...why.map((line) => INDENT + paint(line, COLORS[status]))]
}

/** The checks that wait, one entry for all that wait for the same. */
function renderWaiting(all: Finding[]): string[] {
  const groups = new Map<string, string[]>()
  for (const [i, finding] of all.entries()) {
    if (finding.status !== 'waiting') continue
    const why = whyNotDone(finding, all)
    groups.set(why, [...(groups.get(why) ?? []), `${i + 1}. [${finding.sentence.id}]`])
  }
  return [...groups].flatMap(([why, names]) => {
    const pieces = names.map((name, i) => (i === names.length - 1 ? name : `${name},`))
    const text = fill(pieces, ' ', INDENT.length)
    const mark = paint(MARKS.waiting, COLORS.waiting)
    const reason = wrap(why, WIDTH - INDENT.length)
    return [
      mark + text.slice(MARKS.waiting.length),
      ...reason.map((line) => INDENT + paint(line, COLORS.waiting)),
    ]
  })
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
  return [`${next},`, `      npm run check -- ${name} --watch checks it each time you save.`]
}
