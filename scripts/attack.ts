import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Attack,
  blockingVersion,
  checksOf,
  tellingVersions,
} from '@oauth-lab/course/attacks/attack.ts'
import { withoutCheck } from '@oauth-lab/course/attacks/deciding-lines.ts'
import { isDifferent, matrixAsMarkdown } from '@oauth-lab/course/attacks/matrix.ts'
import {
  linesThatBlock,
  type Performance,
  playAll,
  playAttack,
} from '@oauth-lab/course/attacks/play.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { readCommandLine } from '@oauth-lab/course/command-line.ts'
import { didYouMean } from '@oauth-lab/course/did-you-mean.ts'
import {
  findVersion,
  listVersions,
  lookUpVersion,
  ROOT,
  type Version,
} from '@oauth-lab/course/programs/versions.ts'
import { ToldError, wrongUsage } from '@oauth-lab/course/told-error.ts'
import { paint } from './print/ansi.ts'
import { printList, printMatrix } from './print/attack-matrix.ts'
import { printStory, printWeakening } from './print/attack-story.ts'

export const HELP = `npm run attack                          every attack on every version
npm run attack v03                      every attack on one version, or on a copy in a folder
npm run attack NAME                     where it succeeds, where it is blocked, and where it succeeds again
npm run attack NAME v03                 one attack on one version, or on a copy in a folder
npm run attack -- NAME --weakened       on a copy of a version without the line that blocks it
npm run attack -- --list                the names of all attacks
npm run attack -- --write               updates the list in README.md

The command starts the lab's own programs on this machine and attacks only those.`

/** The list between the two markers in README.md. */
const LIST = /(?<=<!-- attacks -->).*?(?=<!-- \/attacks -->)/s

const HINT = 'To list the attacks: npm run attack -- --list. For help: npm run attack -- --help.'

const OPTIONS = {
  list: { type: 'boolean' },
  write: { type: 'boolean' },
  weakened: { type: 'boolean' },
} as const

/**
 * Plays attacks and prints the results.
 *
 * @param args the arguments after `npm run attack`
 * @returns the exit status: 0 if every result is as expected, 1 otherwise
 * @throws {ToldError} for wrong arguments, or a folder whose programs don't run
 */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = readCommandLine(args, OPTIONS, {
    example: 'npm run attack -- login-csrf v02 --weakened',
    hint: HINT,
  })
  if (values.list) return print(printList(attacks, listVersions()))
  if (values.write) return writeMatrix()

  const attack = attacks.find(({ slug }) => positionals.includes(slug))
  if (attack === undefined) {
    if (values.weakened) throw wrongUsage('Name an attack to play.')
    return playMatrix(positionals)
  }
  const versions = positionals
    .filter((text) => text !== attack.slug)
    .map((text) => findVersion(text))
  if (values.weakened) return playWeakened(attack, versions[0])
  const telling = versions.length > 0 ? versions : tellingVersions(attack, listVersions())
  return playStories(attack, telling)
}

async function playMatrix(names: string[]): Promise<number> {
  const named = names.map(versionOrAttack)
  if (named.length > 1) throw wrongUsage(`Name one version, or none to see all. ${HINT}`)
  const versions = named.length === 0 ? listVersions() : named
  const rows = await playAll(attacks, () => versions)
  print(printMatrix(rows, versions))
  return rows.flat().some(isDifferent) ? 1 : 0
}

function versionOrAttack(name: string): Version {
  const version = lookUpVersion(name)
  if (version !== undefined) return version
  const slugs = attacks.map(({ slug }) => slug)
  const question = didYouMean(name, slugs)
  throw wrongUsage(
    `There is no attack, version or folder named ${JSON.stringify(name)}.${question} ${HINT}`,
  )
}

async function playStories(attack: Attack, versions: Version[]) {
  let status = 0
  for (const version of versions) {
    const performance = await playAttack(attack, version)
    await show(performance)
    if (!isDifferent(performance)) continue
    print(paint(`This isn't the result expected for ${version.name}.\n`, 'red'))
    status = 1
  }
  const isBlockedEverywhere = !Object.values(attack.expected).includes('succeeds')
  if (isBlockedEverywhere) print(`To see it succeed: npm run attack -- ${attack.slug} --weakened`)
  return status
}

/** Plays an attack on copies of a version, each without one of the lines that block it. */
async function playWeakened(attack: Attack, chosen: Version | undefined) {
  const version = chosen ?? blockingVersion(attack, listVersions())
  if (attack.checks.length === 0 || version === undefined) {
    throw wrongUsage(`No version blocks ${attack.slug} yet, so there is no check to remove.`)
  }
  let status = 0
  for (const check of checksOf(attack, version)) {
    const weakened = await withoutCheck(version, check)
    try {
      print(printWeakening(version, check))
      const performance = await playAttack(attack, weakened.version)
      await show(performance)
      if (performance.ending.result === 'succeeds') continue
      print(paint("It doesn't succeed without this line, so something else blocks it.\n", 'red'))
      status = 1
    } finally {
      await weakened.remove()
    }
  }
  return status
}

async function show(performance: Performance): Promise<void> {
  print(`${printStory(performance, await linesThatBlock(performance))}\n`)
}

async function writeMatrix(): Promise<number> {
  const file = join(ROOT, 'README.md')
  const text = await readFile(file, 'utf8')
  if (!LIST.test(text)) {
    throw new ToldError(
      'README.md has no place for the list. Add a line <!-- attacks --> and a line <!-- /attacks -->.',
    )
  }
  const list = `\n\n${matrixAsMarkdown(attacks, listVersions())}\n\n`
  await writeFile(
    file,
    text.replace(LIST, () => list),
  )
  return print('README.md now has the current list.')
}

function print(text: string): 0 {
  console.log(text)
  return 0
}
