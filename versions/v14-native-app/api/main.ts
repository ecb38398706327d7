import { readConfig } from '@oauth-lab/shared/config.ts'
import { serve } from '@oauth-lab/shared/serve.ts'
import { buildApi } from './app.ts'

await serve(() => {
  const config = readConfig(process.env)
  return { app: buildApi(config), url: config.apiUrl }
})
