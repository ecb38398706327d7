import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, inject, test } from 'vitest'
import { type Programs, programsIn } from './lab.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The absolute folder of the version, or of the copy, that the promises are checked against. */
    snapshot: string | undefined
  }
}

const { testPath = '' } = expect.getState()
/** The folder of the snapshot under test: the one that the project names, or the one that makes the promises. */
export const folder = inject('snapshot') ?? dirname(dirname(testPath))
const number = Number(/^v(\d+)/.exec(basename(folder))?.[1])

/** Loads a module of the snapshot under test, such as `server/app.ts`. */
export function load<Module>(path: string): Promise<Module> {
  return import(pathToFileURL(join(folder, path)).href)
}

/** The programs of the snapshot under test. */
export const snapshot = Object.fromEntries(
  await Promise.all(
    programsIn(folder).map(async ({ builder, file }) => {
      const module = await import(pathToFileURL(file).href)
      return [builder, module[builder]]
    }),
  ),
) as Programs

/**
 * A promise that a later version ends on purpose.
 *
 * @param version the first one that no longer keeps it, such as `v04`
 */
export function until(version: string, sentence: string, run: () => Promise<void>): void {
  if (number < Number(version.slice(1))) test(sentence, run)
}
