// Runs `npm start` as a learner does, waits until both programs respond, and stops it again.
import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const { AUTH_SERVER_URL = 'http://localhost:25000', CLIENT_URL = 'http://localhost:25001' } =
  process.env
/** In milliseconds; the first start installs the packages. */
const PATIENCE = 180_000

const windows = process.platform === 'win32'
const npm = spawn('npm start', { shell: true, stdio: 'inherit', detached: !windows })
const died = new Promise((resolve) => npm.once('exit', resolve))
const answers = Promise.all([AUTH_SERVER_URL, CLIENT_URL].map(untilItAnswers))
const problem = await Promise.race([
  answers.then(() => undefined),
  died.then(() => 'npm start ended by itself.'),
  sleep(PATIENCE, `No response within ${PATIENCE / 1000} seconds.`),
])

if (npm.exitCode === null && npm.signalCode === null) {
  if (windows) spawnSync('taskkill', ['/pid', String(npm.pid), '/t', '/f'])
  else process.kill(-npm.pid, 'SIGINT')
  await died
}
console.log(problem ?? 'Both programs responded.')
process.exit(problem === undefined ? 0 : 1)

/** @param {string} address */
async function untilItAnswers(address) {
  for (;;) {
    const response = await fetch(`${address}/style.css`).catch(() => undefined)
    if (response?.ok) return
    await sleep(200)
  }
}
