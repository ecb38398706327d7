import { readConfig } from '@oauth-lab/shared/config.ts'
import { serve } from '@oauth-lab/shared/serve.ts'
import { buildServer } from './app.ts'

await serve(() => {
  const config = readConfig(process.env)
  return { app: buildServer(config), url: config.authServerUrl }
})
