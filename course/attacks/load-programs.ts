import { access } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { type Programs, programsIn } from '@oauth-lab/shared/testing/lab.ts'
import { ToldError } from '../told-error.ts'

/**
 * The programs of a version that listen, or of a learner's copy of one.
 *
 * @param folder absolute
 * @throws {ToldError} that says which file does not load, and why
 */
export async function loadPrograms(folder: string): Promise<Programs> {
  const builders: Partial<Programs> = {}
  for (const { builder, file } of programsIn(folder)) {
    builders[builder] = await loadBuilder(file, builder)
  }
  return builders as Programs
}

async function loadBuilder(file: string, name: keyof Programs): Promise<Programs[typeof name]> {
  await access(file).catch(() => {
    throw new ToldError(`There is no ${file}.`)
  })
  const module = await import(pathToFileURL(file).href).catch((error: Error) => {
    throw new ToldError(`${file} does not load: ${error.message}${hintFor(error)}`)
  })
  if (typeof module[name] !== 'function') {
    throw new ToldError(`${file} does not export ${name}.`)
  }
  return module[name]
}

/** The links of a copied node_modules lead nowhere when the copy stands higher or lower than the original. */
function hintFor({ message }: Error): string {
  if (!message.includes('@oauth-lab')) return ''
  return '\nA copy has to be inside this repo, and needs no node_modules of its own: delete that folder there.'
}
