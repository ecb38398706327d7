import { ChildProcess } from 'node:child_process'

// Loaded into each CLI that a check runs. Nothing opens on the learner's screen: the check is told instead.

const { spawn } = ChildProcess.prototype

ChildProcess.prototype.spawn = function (options) {
  const { file } = options
  // It compiles the TypeScript of the CLI.
  if (/esbuild/.test(file)) return spawn.call(this, options)
  process.send({ started: file })
  process.nextTick(() => {
    this.emit('spawn')
    this.emit('exit', 0, null)
    this.emit('close', 0, null)
  })
  return 0
}
