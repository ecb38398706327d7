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
  await run(task)
}

/**
 * The same for a program that waits for its user, who may take minutes.
 *
 * @param task gets a promise that rejects when the time is over, or on a signal such as Ctrl-C. The task then cleans
 *   up, and rejects with it
 */
export async function runForUser(
  { minutes }: { minutes: number },
  task: (config: LabConfig, interrupted: Promise<never>) => Promise<void>,
): Promise<void> {
  const interrupted = new Promise<never>((_, reject) => {
    AbortSignal.timeout(minutes * 60_000).addEventListener('abort', () => {
      reject(new Error(`This program did not finish within ${minutes} minutes. Start it again.`))
    })
    // Each time, because under tsx a Ctrl-C arrives twice, and the second one must not cut the task short.
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => reject(new Error('Stopped before it finished.')))
    }
    // This happens with `npm run cli | head`.
    process.stdout.on('error', reject)
  })
  // It may come when the task waits for something else.
  interrupted.catch(() => undefined)
  await run((config) => task(config, interrupted))
}

async function run(task: (config: LabConfig) => Promise<void>): Promise<void> {
  try {
    loadEnvFile()
    await task(readConfig(process.env))
  } catch (error) {
    fail((error as Error).message)
  }
}

/** The text as one line: what a server sent may have line breaks, and characters that control or reverse text. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, ' ')
}

function fail(message: string): never {
  console.error(oneLine(message))
  process.exit(1)
}
