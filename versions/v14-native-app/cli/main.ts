import { parseArgs } from 'node:util'
import { oneLine, runForUser } from '@oauth-lab/shared/run-once.ts'
import open from 'open'
import { fetchUsername } from './api.ts'
import { logIn, revokeTokens } from './login.ts'

await runForUser({ minutes: 5 }, async (config, interrupted) => {
  const { values } = parseArgs({ options: { 'no-open': { type: 'boolean' } } })
  const tokens = await logIn(config, interrupted, (url) => {
    console.log(`Log in at ${url}`)
    // Where no browser can be opened, the printed URL is enough.
    if (!values['no-open']) open(url).catch(() => undefined)
  })
  try {
    const username = await Promise.race([fetchUsername(config, tokens.access_token), interrupted])
    console.log(oneLine(`Logged in as ${username}`))
  } finally {
    await revokeTokens(config, tokens)
  }
})
