import { access } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { type Programs, programsIn } from '@oauth-lab/shared/testing/lab.ts'
import { ToldError } from '../told-error.ts'

/**
 * Loads the programs of a version, or of a learner's copy, that listen on a port.
 *
 * @param folder an absolute path
 * @throws {ToldError} if a file doesn't load, with the reason
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
    throw new ToldError(`${file} doesn't load: ${reasonOf(error)}${hintFor(error)}`)
  })
  if (typeof module[name] !== 'function') {
    throw new ToldError(`${file} doesn't export ${name}.`)
  }
  return module[name]
}

/** Node names the line of a syntax error only above its stack; tsx, in the message. */
function reasonOf({ name, message, stack = message }: Error): string {
  const [said = message] = stack.split('\n    at ')
  return name === 'SyntaxError' ? said : message
}

/** The links in a copied node_modules break if the copy isn't as deep in the repo as the original. */
function hintFor({ message }: Error): string {
  if (!message.includes('@oauth-lab')) return ''
  return '\nPut the copy inside this repo, and delete its node_modules folder.'
}
