import { type LabConfig, loadEnvFile, readConfig } from './config.ts'

/** How long the program may run, in milliseconds. */
const PATIENCE = 5_000

/**
 * Runs a program that ends by itself. It reads `.env`. If anything goes wrong, or takes too long, it says so in one
 * line on stderr and exits with 1.
 */
export async function runOnce(task: (config: LabConfig) => Promise<void>): Promise<void> {
  // A slow start counts, but leaves half of it.
  const left = Math.round(Math.max(PATIENCE / 2, PATIENCE - performance.now()))
  // The same kind of limit as for each request, which the workshop can stretch.
  AbortSignal.timeout(left).addEventListener('abort', () => {
    const what = `This program did not finish within ${PATIENCE / 1000} seconds`
    fail(`${what}: the server is too slow. Check that it is running, then try again.`)
  })
  try {
    loadEnvFile()
    await task(readConfig(process.env))
  } catch (error) {
    fail((error as Error).message)
  }
}

function fail(message: string): never {
  // What a server sent may have line breaks, and characters that control or reverse text.
  console.error(message.replace(/[\s\p{C}]+/gu, ' '))
  process.exit(1)
}
