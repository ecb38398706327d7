import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type LabConfig, portOf, readConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { type StartProgram, startProcess } from '../exercises/copy-programs.ts'
import { addressesOf } from '../programs/programs.ts'

/**
 * Runs a program of a copy in this process, for the proofs of the exercises: they check a hundred
 * copies, all of which start and stop without trouble. A program whose clock the checks turn has a process of
 * its own.
 */
export const startInProcess: StartProgram = async (spec) => {
  const { program, folder, settings, stopClock } = spec
  if (stopClock) return startProcess(spec)
  const module = await import(pathToFileURL(join(folder, program, 'app.ts')).href)
  const build: (config: LabConfig) => FastifyInstance =
    module.buildServer ?? module.buildClient ?? module.buildApi
  const config = readConfig(settings)
  const app = build(config)
  app.addHook('preClose', async () => app.server.closeAllConnections())
  await app.listen({ port: portOf(addressesOf(config)[program]), host: 'localhost' })
  const explain = (method: string, path: string) => ({
    program,
    message: `The ${program} sends no response to ${method} ${path}.`,
    place: undefined,
  })
  return {
    died: new Promise(() => undefined),
    stderr: () => '',
    explainSilence: explain,
    explainSlowness: explain,
    passTime: async () => undefined,
    stop: async () => {
      await app.close()
    },
  }
}
