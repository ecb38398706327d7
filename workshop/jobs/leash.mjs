import { isMainThread, Worker, workerData } from 'node:worker_threads'

// Loaded into each process of a job. It ends with the app, and when its time is over, also while a loop of a
// learner's copy blocks it: a second thread sees to that.

const INTERVAL = 250

if (isMainThread) {
  process.once('disconnect', () => process.exit())
  const limit = Number(process.env.JOB_LIMIT)
  const options = { workerData: { limit, parent: process.ppid }, execArgv: [] }
  new Worker(new URL(import.meta.url), options).unref()
} else {
  const { limit, parent } = workerData
  const end = () => process.kill(process.pid, 'SIGKILL')
  setTimeout(end, limit)
  setInterval(() => process.ppid !== parent && end(), INTERVAL)
}
