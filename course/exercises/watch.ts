import { once } from 'node:events'
import { realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { listFilesIfThere } from '../differences/files.ts'
import { stopSignal } from '../programs/stop-signal.ts'
import { ToldError } from '../told-error.ts'

/** How often to look for changes, in milliseconds. A copy has only some thirty files. */
export const INTERVAL = 200

/** Files whose changes don't matter to a program: packages, tests, texts, an editor's own files. */
const NO_CHANGE = /^(\.|#|node_modules$|test$|testing$)|(~|\.md)$/

/**
 * Runs something at once, and again each time a file in one of the folders changes. It aborts a run that
 * is still going, and waits for it. It continues until a signal ends it.
 *
 * @throws {ToldError} if the system can't watch more files
 */
export async function watchFolders(
  folders: string[],
  run: (signal: AbortSignal) => Promise<void>,
  stopped: Promise<unknown> = stopSignal(),
): Promise<void> {
  // A link doesn't change when the file behind it does.
  const roots = folders.map((folder) => realpathSync(folder))
  // Loaded only here, because a normal start doesn't need it.
  const { watch } = await import('chokidar')
  const watcher = watch(roots, {
    ignored: (path) => !roots.includes(path) && NO_CHANGE.test(basename(path)),
    ignoreInitial: true,
    followSymlinks: false,
  })
  let ended = false
  let abort = new AbortController()
  watcher.on('all', () => abort.abort())
  stopped.then(() => {
    ended = true
    abort.abort()
  })
  try {
    await once(watcher, 'ready')
    while (!ended) {
      abort = new AbortController()
      const { signal } = abort
      await run(signal)
      if (!signal.aborted) await once(signal, 'abort')
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOSPC' && code !== 'EMFILE') throw error
    throw new ToldError(
      `The system can't watch more files (${message}). Run it again without --watch.`,
    )
  } finally {
    await watcher.close()
  }
}

/** A text that changes with every saved, new or deleted file. Empty for a missing folder. */
export function stampOf(folder: string): string {
  const stamps = listFilesIfThere(folder).map(
    (path) => `${path} ${stampOfFile(join(folder, path))}`,
  )
  return stamps.join('\n')
}

function stampOfFile(file: string): string {
  try {
    const stat = statSync(file)
    return `${stat.mtimeMs} ${stat.size}`
  } catch {
    // It is gone, or in a folder without access. Whoever reads it next reports that.
    return 'unreadable'
  }
}
