import { ChildProcess } from 'node:child_process'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

// Loaded into each process that runs code of a learner's copy. The process ends with the one that started it, also
// while a loop of the copy blocks it: a second thread sees to that. What it has started ends with it.

const INTERVAL = 250

if (isMainThread) {
  process.once('disconnect', end)
  new Worker(new URL(import.meta.url), { workerData: process.ppid, execArgv: [] }).unref()
  staySameGroup()
} else {
  setInterval(() => isGone(workerData) && end(), INTERVAL)
}

/** What the copy starts stays in the group of this process, so that it ends with it. */
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
