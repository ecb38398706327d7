import type { Finding } from '@oauth-lab/course/exercises/check-copy.ts'
import { checkPlace } from '@oauth-lab/course/exercises/check-place.ts'
import { countHint } from '@oauth-lab/course/exercises/hint-memory.ts'
import { findOpenStep } from '@oauth-lab/course/exercises/open-step.ts'
import { type Place, requireCopy } from '@oauth-lab/course/exercises/playground.ts'
import { type LessonStep, readSteps } from '@oauth-lab/course/lessons/steps.ts'
import { type ExerciseArguments, runCommand } from './lib/exercise-arguments.ts'
import { renderTrouble } from './print/check-result.ts'
import { plainText } from './print/plain-text.ts'
import { wrap } from './print/wrap.ts'

const WIDTH = 100

/** `npm run hint v02` gives one more hint for the first step that isn't done yet. */
export function main(args: string[]): Promise<number> {
  return runCommand(args, {}, 'npm run hint v02', hint)
}

async function hint({ place }: ExerciseArguments): Promise<number> {
  requireCopy(place)
  const result = await checkPlace(place)
  if (result.kind === 'trouble') {
    console.log(renderTrouble(place, result.trouble))
    return 1
  }
  const { step, rest } = findOpenStep(readSteps(place.version), result.findings)
  console.log(step === undefined ? tellDone(place, result.findings) : tellHint(place, step, rest))
  return 0
}

function tellHint(
  place: Place,
  { number, title, task, hints }: LessonStep,
  rest: Finding[],
): string {
  const { name, folder } = place
  const given = countHint(folder, number, hints.length)
  const shown = hints.slice(0, given).flatMap((text, index) => {
    const lines = wrap(plainText(text), WIDTH - 5)
    return lines.map((line, at) => (at === 0 ? `  ${index + 1}. ${line}` : `     ${line}`))
  })
  const files = [...new Set(rest.map(({ sentence }) => sentence.file))]
  const next =
    given < hints.length
      ? [
          `Next: npm run check ${name}, or npm run hint ${name} for another hint (${hints.length - given} left for this step)`,
        ]
      : [
          `That was the last hint for this step. Next: npm run check ${name}, or look at the solution:`,
          ...files.map((file) => `      npm run solution -- ${name} --file ${file}`),
        ]
  const head = [`Step ${number}: ${title}`, '', ...wrap(plainText(task), WIDTH), '', 'Hints:']
  return [...head, ...shown, '', ...next, ''].join('\n')
}

function tellDone({ version, name }: Place, findings: Finding[]): string {
  const open = findings.find(({ status }) => status !== 'done')
  if (open !== undefined) {
    return [
      `All steps are done, but this check fails now: ${open.sentence.text}.`,
      `Next: npm run check ${name} tells you where to look.`,
    ].join('\n')
  }
  const unseen = readSteps(version).filter(({ checks }) => checks.length === 0)
  return [
    'All checks pass.',
    ...unseen.map(
      ({ number, title }) => `No check covers step ${number} (${title}): read it again.`,
    ),
    `Next: npm run solution ${name} compares your copy with ${version.name}.`,
  ].join('\n')
}
