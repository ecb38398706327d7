/** How often to see whether npm is still there, in milliseconds. */
const PARENT_CHECK = 250

/** Resolves at the first signal to stop. Further ones are taken without effect: npm hands them on. */
export function stopSignal(): Promise<undefined> {
  const parent = process.ppid
  return new Promise((resolve) => {
    const stop = () => resolve(undefined)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    process.on('disconnect', stop)
    if (process.env.npm_lifecycle_event === undefined) return
    // npm runs this in a shell, which a SIGTERM ends at once without handing it on.
    setInterval(() => isGone(parent) && stop(), PARENT_CHECK).unref()
  })
}

function isGone(parent: number): boolean {
  if (process.ppid !== parent) return true
  // Windows gives an orphan no other parent: there the number of the dead one stays.
  try {
    process.kill(parent, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
