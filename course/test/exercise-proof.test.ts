import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { all, full } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { exercises } from '../exercises/all-exercises.ts'
import { checkCopy, doneIn, type Finding } from '../exercises/check-copy.ts'
import { checksOf } from '../exercises/checks-of.ts'
import { CopyDraft, type Files } from '../exercises/copy-draft.ts'
import { copyName, type Exercise, endOf, startOf, statesOf } from '../exercises/exercise-start.ts'
import { type Mistake, readMistakes } from '../exercises/mistakes.ts'
import { makeCopy } from '../exercises/playground.ts'
import type { VersionChecks } from '../exercises/sentence.ts'
import { readSteps } from '../lessons/steps.ts'
import { listVersions, ROOT, type Version } from '../programs/versions.ts'
import { startInProcess } from './in-process.ts'

// Every run tests the start and the end of the first exercise, and `--all` those of each exercise. The long share
// also tests the steps between them, and the mistakes.

// Has the layout of the repo, because the tsconfig.json of a copy extends the one two folders up.
const root = mkdtempSync(join(tmpdir(), 'oauth-lab-exercises-'))
const playground = join(root, 'playground')
copyFileSync(join(ROOT, 'tsconfig.base.json'), join(root, 'tsconfig.base.json'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const proofs = await Promise.all(
  listVersions().map(async (version) => ({
    version,
    name: version.name,
    exercise: exercises[version.number] as Exercise,
    known: (await checksOf(version)) as VersionChecks,
    mistakes: readMistakes(copyName(version)),
  })),
)

describe.each(proofs)('the exercise of $name', ({ version, exercise, known, mistakes }) => {
  const ids = known.sentences.map(({ id }) => id)
  const steps = readSteps(version)
  const namedBySteps = steps.flatMap(({ checks }) => checks)

  test('has code for each step, and at least ten mistakes', () => {
    expect(exercise.steps).toHaveLength(steps.length)
    expect(mistakes.length).toBeGreaterThanOrEqual(10)
  })

  test('names only existing checks in its lesson, each once', () => {
    expect(namedBySteps.filter((id) => !ids.includes(id))).toEqual([])
    expect(new Set(namedBySteps).size).toBe(namedBySteps.length)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('ends at its version, file by file', () => {
    expect(new Map(statesOf(version, exercise).at(-1))).toEqual(new Map(endOf(version)))
  })

  describe.runIf(all || version === proofs[0]?.version)('tried out', () => {
    test.concurrent('the start passes every check except those of the steps', async () => {
      const findings = await tryOut('start', startOf(version, exercise))
      expect(doneIn(findings)).toEqual(ids.filter((id) => !namedBySteps.includes(id)))
    })

    test.concurrent('the version itself passes every check', async () => {
      const findings = await tryOut('end', endOf(version))
      expect(findings.filter(({ status }) => status !== 'done')).toEqual([])
    })
  })

  describe.runIf(full)('step by step', () => {
    const promised = new Set(ids.filter((id) => !namedBySteps.includes(id)))
    for (const { number, title, checks } of steps) {
      for (const id of checks) promised.add(id)
      const expected = ids.filter((id) => promised.has(id))

      test.concurrent(`step ${number} (${title}) passes its checks`, async () => {
        const findings = await tryOut(
          `step-${number}`,
          statesOf(version, exercise)[number - 1] as Files,
        )
        expect(doneIn(findings)).toEqual(expected)
      })
    }
  })

  test.concurrent.each(full ? mistakes : [])('a mistake: $what', async (mistake) => {
    const name = `mistake-${mistakes.indexOf(mistake)}`
    const findings = await tryOut(name, withMistake(version, mistake))
    const open = findings.filter(({ status }) => status === 'open')
    expect(open.map(({ sentence }) => sentence.id)).toEqual([mistake.tells])
    // The API breaks in its own process, which says the line, too.
    const places = open.map(
      (finding) => finding.status === 'open' && finding.place.replace(/:\d+$/, ''),
    )
    expect(mistake.changes.map(({ path }) => path)).toEqual(expect.arrayContaining(places))
    expect(doneIn(findings).length + open.length + waitingIn(findings)).toBe(ids.length)
  })

  async function tryOut(state: string, files: Files): Promise<Finding[]> {
    const name = `v0${version.number}-${state}`
    const folder = join(playground, name)
    makeCopy({ version, name, folder }, files)
    const result = await checkCopy(folder, known, { start: startInProcess })
    if (result.kind === 'trouble') throw new Error(result.trouble.message)
    return result.findings
  }
})

/** Checks that wait for an earlier one, so they prove nothing by themselves. */
function waitingIn(findings: Finding[]): number {
  return findings.filter(({ status }) => status === 'waiting').length
}

function withMistake(version: Version, { changes }: Mistake): Files {
  const draft = new CopyDraft(endOf(version), endOf(version))
  for (const { path, from, to } of changes) draft.edit(path, [from, to])
  return draft.files
}
