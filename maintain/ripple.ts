import { join } from 'node:path'
import { readCommandLine } from '@oauth-lab/course/command-line.ts'
import { promisesKeptBy } from '@oauth-lab/course/programs/test-projects.ts'
import { runTool } from '@oauth-lab/course/programs/tools.ts'
import { findVersion, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { staleQuotes } from '@oauth-lab/course/quotes.ts'
import { wrongUsage } from '@oauth-lab/course/told-error.ts'
import { carry, laterVersions, type Outcome, type Ripple } from './ripple/carry.ts'
import type { Change } from './ripple/changes.ts'

export const HELP = `Carries the changes in one version into every later one.

  npm run ripple v02                 changes that aren't committed yet
  npm run ripple -- v02 --from REV   changes since a revision, committed or not

  --force     also merges into files that have their own edits
  --no-test   doesn't run the tests of what it changed
`

const OPTIONS = {
  from: { type: 'string' },
  force: { type: 'boolean', default: false },
  'no-test': { type: 'boolean', default: false },
} as const

/**
 * `npm run ripple version [-- --from REV --force --no-test]`
 *
 * @returns the exit status: 1 if something is left to do by hand
 */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = readCommandLine(args, OPTIONS, {
    example: 'npm run ripple -- v02 --from main',
    hint: 'See npm run ripple -- --help',
  })
  const [name, ...others] = positionals
  if (name === undefined || others.length > 0) {
    throw wrongUsage('Name the one version that you changed: npm run ripple v02')
  }
  const { name: source, number } = findVersion(name)
  if (number === 0)
    throw wrongUsage(`${source} isn't a version. Name one of the folders in versions/.`)
  const { from: revision = 'HEAD', force } = values
  const status = await carryAndTest({ root: ROOT, source, revision, force }, !values['no-test'])
  const stale = await staleQuotes()
  if (stale.length > 0)
    say(`Quotes and notes for you to fix: ${stale.length}\n${stale.join('\n')}\n`)
  return stale.length === 0 ? status : 1
}

/**
 * Carries, tests, and says what it did.
 *
 * @returns the exit status: 1 if something is left to do by hand
 */
export async function carryAndTest(ripple: Ripple, runTests: boolean): Promise<number> {
  const { source, root } = ripple
  if (laterVersions(root, source).length === 0) return say(`There is no version after ${source}.\n`)
  const { changes, outcomes } = carry(ripple)
  const since = ripple.revision === 'HEAD' ? 'the last commit' : ripple.revision
  if (changes.length === 0) return say(`Nothing changed in ${source} since ${since}.\n`)
  say(renderChanges(`${source}, since ${since}`, changes))
  say(renderOutcomes(outcomes))

  const touched = changedVersions(outcomes)
  const tested = runTests ? touched : []
  let isGreen = true
  for (const version of tested) isGreen = (await test(root, version, outcomes)) && isGreen
  if (touched.length > 0)
    say('The pages in docs/differences may be outdated now: npm run diff -- --write\n')

  const open = outcomes.filter(needsHands)
  if (open.length > 0) say(`${open.length} left to you, marked with ! above.\n`)
  return open.length === 0 && isGreen ? 0 : 1
}

/** What was done, in order. `!` marks what wasn't done completely. */
function renderOutcomes(outcomes: Outcome[]): string {
  const versions = [...new Set(outcomes.map(({ version }) => version))]
  const sections = versions.map((version) => {
    const lines = outcomes
      .filter((outcome) => outcome.version === version)
      .map((outcome) => {
        const mark = needsHands(outcome) ? '!' : ' '
        const why = outcome.why === '' ? '' : `  (${outcome.why})`
        return `${mark} ${outcome.did.padEnd(8)}  ${outcome.path}${why}`
      })
    return [version, ...lines, ''].join('\n')
  })
  return `${sections.join('\n')}\n`
}

function renderChanges(title: string, changes: Change[]): string {
  const lines = changes.map(({ kind, path, from }) => {
    return `  ${kind.padEnd(8)}  ${path}${kind === 'renamed' ? `  (was ${from})` : ''}`
  })
  return `${[title, ...lines, '', ''].join('\n')}`
}

function needsHands({ did }: Outcome): boolean {
  return ['conflict', 'refused', 'edited'].includes(did)
}

function changedVersions(outcomes: Outcome[]): string[] {
  const untouched: Outcome['did'][] = ['same', 'absent', 'refused', 'edited']
  const touched = outcomes.filter(({ did }) => !untouched.includes(did))
  return [...new Set(touched.map(({ version }) => version))]
}

/** Runs the type check and the tests of one version, and prints their output only if they fail. */
async function test(root: string, version: string, outcomes: Outcome[]): Promise<boolean> {
  if (outcomes.some((outcome) => outcome.version === version && outcome.did === 'conflict')) {
    say(`${version}: not tested, because it has conflicts.\n`)
    return false
  }
  const folder = join(root, 'versions', version)
  const project = promisesKeptBy(findVersion(folder))
  const tools: [what: string, packageName: string, args: string[], folder: string][] = [
    ['type check', 'typescript', ['-p', '.'], folder],
    ['tests', 'vitest', ['run', `--project=${project}`], root],
  ]
  for (const [what, packageName, args, where] of tools) {
    const { status, output } = await runTool(packageName, args, where, {
      settings: { OAUTH_LAB_ALL: '1' },
    })
    if (status === 0) continue
    say(`${output}\n${version}: ${what} failed.\n`)
    return false
  }
  say(`${version}: type check and tests pass.\n`)
  return true
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}
