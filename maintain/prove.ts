import { availableParallelism } from 'node:os'
import { readCommandLine } from '@oauth-lab/course/command-line.ts'
import { hunkHeader, stepName } from '@oauth-lab/course/differences/compare.ts'
import {
  findVersion,
  listVersions,
  type Version,
  versionBefore,
} from '@oauth-lab/course/programs/versions.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import excuses from './prove/excused.json' with { type: 'json' }
import { prove, type Verdict } from './prove/prove-units.ts'
import { type Unit, unitsOf } from './prove/units.ts'

export const HELP = `Undoes the changes from one version to the next, one at a time, each in a copy of the newer
version. Then it runs that version's type check and tests: something must fail.

  npm run prove                  every step
  npm run prove v03              the step from v02 to v03
  npm run prove -- v03 --hunk 7  only the change with that number
`

const OPTIONS = {
  hunk: { type: 'string' },
} as const

interface Arguments {
  steps: { older: Version; newer: Version }[]
  hunk: number | undefined
}

interface StepVerdict extends Verdict {
  version: string
}

/**
 * `npm run prove [version] [-- --hunk N]` shows for every change of a step what fails without it.
 *
 * @returns the exit status: 1 if a change is unproven
 */
export async function main(args: string[]): Promise<number> {
  return proveSteps(readArguments(args))
}

function say(text: string): void {
  process.stdout.write(text)
}

async function proveSteps({ steps, hunk }: Arguments): Promise<number> {
  const told: StepVerdict[] = []
  for (const { older, newer } of steps) {
    const all = unitsOf(older.folder, newer.folder)
    if (hunk !== undefined && hunk > all.length) {
      throw wrongUsage(
        `${stepName(older, newer)} has ${all.length} changes, so there is no number ${hunk}.`,
      )
    }
    const units = all.filter(({ number }) => hunk === undefined || number === hunk)
    say(`${stepName(older, newer)}: undoing ${describeUnits(units)}, one at a time.\n\n`)
    const results = await prove({
      version: newer.name,
      newer: newer.folder,
      units,
      excuses,
      workers: availableParallelism(),
      onVerdict: (verdict) => say(renderVerdict(verdict)),
    })
    told.push(...results.map((verdict) => ({ ...verdict, version: newer.name })))
  }
  say(renderShare(told))
  return told.every(isSettled) ? 0 : 1
}

function readArguments(args: string[]): Arguments {
  const { values, positionals } = readCommandLine(args, OPTIONS, {
    example: 'npm run prove -- v03 --hunk 2',
    hint: 'See npm run prove -- --help',
  })
  if (positionals.length > 1) {
    throw wrongUsage('One step at a time, named by its newer version: npm run prove v03')
  }
  const [name] = positionals
  if (values.hunk !== undefined && name === undefined) {
    throw wrongUsage('--hunk needs a version: npm run prove -- v03 --hunk 2')
  }
  return {
    steps: name === undefined ? listVersions().flatMap(stepTo) : [findStep(name)],
    hunk: values.hunk === undefined ? undefined : readNumber(values.hunk),
  }
}

function readNumber(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw wrongUsage(`--hunk needs the number of a change, not ${JSON.stringify(text)}.`)
}

function findStep(name: string): Arguments['steps'][number] {
  const version = findVersion(name)
  const [step] = stepTo(version)
  if (step === undefined) throw wrongUsage(`There is no version before ${version.name}.`)
  return step
}

function stepTo(newer: Version): Arguments['steps'] {
  const older = versionBefore(newer)
  return older === undefined ? [] : [{ older, newer }]
}

function describeUnits(units: Unit[]): string {
  const hunks = new Set(units.map(({ hunk }) => hunk)).size
  return `${units.length} ${units.length === 1 ? 'change' : 'changes'} in ${hunks} ${hunks === 1 ? 'hunk' : 'hunks'}`
}

function renderVerdict({ unit, finding, excuse }: Verdict): string {
  const { number, path, hunk, lines } = unit
  const first = lines.find(({ text }) => text.trim() !== '') ?? lines[0]
  const more = lines.length - 1
  const sign = first?.kind === 'removed' ? '-' : '+'
  const what =
    finding === undefined
      ? (excuse && `excused: ${excuse}`) || 'UNPROVEN: no test fails without it'
      : `${finding.by === 'types' ? 'type error' : 'failing test'}: ${finding.what}`
  return `${[
    `${String(number).padStart(3)}  ${path} ${hunkHeader(hunk)}`,
    `     ${sign} ${first?.text.trim()}${more > 0 ? `  (and ${more} more)` : ''}`,
    `     ${what}`,
  ].join('\n')}\n\n`
}

function renderShare(verdicts: StepVerdict[]): string {
  const excused = verdicts.filter(({ excuse }) => excuse !== undefined).length
  const missed = verdicts.filter(({ finding }) => finding !== undefined)
  const byTypes = missed.filter(({ finding }) => finding?.by === 'types').length
  const counted = verdicts.length - excused
  const share = counted === 0 ? 100 : Math.floor((100 * missed.length) / counted)
  const open = verdicts
    .filter((verdict) => !isSettled(verdict))
    .map(({ version, unit }) => `${version} ${unit.number}`)
  return [
    `Proved: ${missed.length} of ${counted} changes (${share} %), ${byTypes} by the type check and ${missed.length - byTypes} by a test. Excused: ${excused}.`,
    ...(open.length > 0 ? [`Unproven: ${open.join(', ')}.`] : []),
    '',
  ].join('\n')
}

function isSettled({ finding, excuse }: Verdict): boolean {
  return finding !== undefined || excuse !== undefined
}
