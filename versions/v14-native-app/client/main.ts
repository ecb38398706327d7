import { readConfig } from '@oauth-lab/shared/config.ts'
import { serve } from '@oauth-lab/shared/serve.ts'
import { buildClient } from './app.ts'

await serve(() => {
  const config = readConfig(process.env)
  return { app: buildClient(config), url: config.clientUrl }
})
