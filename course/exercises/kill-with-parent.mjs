import { ChildProcess } from 'node:child_process'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

// Loaded into each process that runs code of a learner's copy. The process ends with the one that
// started it, and so does everything it started. A second thread ends it even if a loop blocks it.

const INTERVAL = 250

if (isMainThread) {
  process.once('disconnect', end)
  new Worker(new URL(import.meta.url), { workerData: process.ppid, execArgv: [] }).unref()
  staySameGroup()
} else {
  setInterval(() => isGone(workerData) && end(), INTERVAL)
}

/** Keeps every process that the copy starts in this one's group, so they end together. */
function staySameGroup() {
  const { spawn } = ChildProcess.prototype
  ChildProcess.prototype.spawn = function (options) {
    return spawn.call(this, { ...options, detached: false })
  }
}

/** @param {number} parent */
function isGone(parent) {
  try {
    process.kill(parent, 0)
  } catch {
    return true
  }
  return process.ppid !== parent
}

function end() {
  try {
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    // Windows has no groups.
    process.kill(process.pid, 'SIGKILL')
  }
}
