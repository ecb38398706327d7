/** How often to check whether npm is still running, in milliseconds. */
const PARENT_CHECK = 250

/** Resolves at the first signal to stop. Ignores further ones, because npm passes on its own. */
export function stopSignal(): Promise<undefined> {
  const parent = process.ppid
  return new Promise((resolve) => {
    const stop = () => resolve(undefined)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    process.on('disconnect', stop)
    if (process.env.npm_lifecycle_event === undefined) return
    // npm runs this in a shell, which ends at once on a SIGTERM and doesn't pass it on.
    setInterval(() => isGone(parent) && stop(), PARENT_CHECK).unref()
  })
}

function isGone(parent: number): boolean {
  if (process.ppid !== parent) return true
  // On Windows an orphan keeps the process ID of its dead parent.
  try {
    process.kill(parent, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
