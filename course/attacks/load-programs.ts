import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Programs } from '@oauth-lab/shared/testing/lab.ts'
import { ToldError } from '../told-error.ts'

/**
 * The two programs of a version, or of a learner's copy of one.
 *
 * @param folder absolute
 * @throws {ToldError} that says which file does not load, and why
 */
export async function loadPrograms(folder: string): Promise<Programs> {
  const { buildServer } = await load(join(folder, 'server', 'app.ts'), 'buildServer')
  const { buildClient } = await load(join(folder, 'client', 'app.ts'), 'buildClient')
  return { buildServer, buildClient } as Programs
}

async function load(file: string, name: keyof Programs): Promise<Record<string, unknown>> {
  await access(file).catch(() => {
    throw new ToldError(`There is no ${file}.`)
  })
  const module = await import(pathToFileURL(file).href).catch((error: Error) => {
    throw new ToldError(`${file} does not load: ${error.message}${hintFor(error)}`)
  })
  if (typeof module[name] !== 'function') {
    throw new ToldError(`${file} does not export ${name}.`)
  }
  return module
}

/** The links of a copied node_modules lead nowhere when the copy stands higher or lower than the original. */
function hintFor({ message }: Error): string {
  if (!message.includes('@oauth-lab')) return ''
  return '\nA copy has to be inside this repo, and needs no node_modules of its own: delete that folder there.'
}
