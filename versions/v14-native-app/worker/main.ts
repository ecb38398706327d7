import { runOnce } from '@oauth-lab/shared/run-once.ts'
import { countUsers } from './count-users.ts'

await runOnce(async (config) => {
  console.log(`${await countUsers(config)} users`)
})
