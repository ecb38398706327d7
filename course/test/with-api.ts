import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findVersion, ROOT } from '../programs/versions.ts'

const API_MAIN = `
import { readConfig } from '@oauth-lab/shared/config.ts'
import { serve } from '@oauth-lab/shared/serve.ts'
import { buildApi } from './app.ts'

await serve(() => {
  const config = readConfig(process.env)
  return { app: buildApi(config), url: config.apiUrl }
})
`
/** It asks the server about each request, as a resource server may. */
const API_APP = `
import { createApp } from '@oauth-lab/shared/app.ts'

export function buildApi(config) {
  const app = createApp(import.meta.dirname)
  app.get('/api/me', async () => {
    const { status } = await fetch(config.authServerUrl + '/introspect')
    return { status }
  })
  return app
}
`
const WORKER_MAIN = `
import { readConfig } from '@oauth-lab/shared/config.ts'

const { status } = await fetch(readConfig(process.env).apiUrl + '/api/me')
console.log('The API answered', status)
`

/**
 * A version that is v01 with an API, which listens, and a worker, which runs and ends; in a folder of its own.
 *
 * @param prefix how the folder's name starts
 * @returns its absolute folder, and how to remove it
 */
export function makeVersionWithApi(prefix = 'oauth-lab-api-'): {
  folder: string
  remove: () => void
} {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  const from = findVersion('1').folder
  for (const part of ['server', 'client', 'protocol.ts', 'package.json']) {
    cpSync(join(from, part), join(folder, part), { recursive: true })
  }
  const settings = { extends: join(ROOT, 'tsconfig.base.json') }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  symlinkSync(join(from, 'node_modules'), join(folder, 'node_modules'), 'junction')
  for (const name of ['api', 'worker']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'api', 'main.ts'), API_MAIN)
  writeFileSync(join(folder, 'api', 'app.ts'), API_APP)
  writeFileSync(join(folder, 'worker', 'main.ts'), WORKER_MAIN)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
