import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listFiles } from '../diff/files.ts'

/** How often to look, in milliseconds. A copy has some thirty files, so that looking costs nothing. */
export const INTERVAL = 200

/**
 * Runs something at once, and again each time that a file in a folder changes. What still runs then
 * is told to stop, and waited for. Goes on until a signal ends it.
 */
export async function watchFiles(
  folder: string,
  run: (signal: AbortSignal) => Promise<void>,
  stopped: Promise<unknown> = untilInterrupted(),
): Promise<void> {
  let ended = false
  const end = stopped.then(() => {
    ended = true
  })
  while (!ended) {
    const before = stampOf(folder)
    const abort = new AbortController()
    const running = run(abort.signal)
    while (!ended && stampOf(folder) === before) await Promise.race([end, sleep(INTERVAL)])
    abort.abort()
    await running
  }
}

/** Changes with every save, new file and deleted file. Empty for a folder that is not there. */
export function stampOf(folder: string): string {
  const stamps = list(folder).map((path) => `${path} ${stampOfFile(join(folder, path))}`)
  return stamps.join('\n')
}

function stampOfFile(file: string): string {
  try {
    const stat = statSync(file)
    return `${stat.mtimeMs} ${stat.size}`
  } catch {
    // It is gone by now, or in a folder that may not be entered: what reads it says so in words.
    return 'unreadable'
  }
}

function list(folder: string): string[] {
  try {
    return listFiles(folder)
  } catch {
    // It is being deleted, or gone: the next look finds it settled.
    return []
  }
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve())
    }
  })
}
