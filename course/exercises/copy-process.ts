import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startNode } from '../programs/typescript.ts'

/** How much of its last output to keep, in characters: an error's stack, and the lines before it. */
const LONGEST_OUTPUT = 64_000
/** How long after its exit its last output may arrive, in milliseconds. */
const OUTPUT_DELAY = 200
const KILL_WITH_PARENT = new URL('./kill-with-parent.mjs', import.meta.url).href
const windows = process.platform === 'win32'

interface CopyProcessSpec {
  main: string
  args?: string[]
  preload?: string[]
  folder?: string
  settings?: Record<string, string>
}

/**
 * A process that runs code of a learner's copy. Whatever the code does, the process ends on request, or
 * with this one, and so does everything it started. Its output never fills this one's memory.
 */
export class CopyProcess {
  readonly child: ChildProcess
  /** Resolves when it has ended and its output is complete. */
  readonly ended: Promise<void>
  #stdout = ''
  #stderr = ''

  constructor({ preload = [], ...spec }: CopyProcessSpec) {
    this.child = startNode({
      ...spec,
      preload: [KILL_WITH_PARENT, ...preload],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // In a process group, which can be killed as a whole. Windows has none, and would open a window.
      detached: !windows,
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-LONGEST_OUTPUT)
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-LONGEST_OUTPUT)
    })
    // It can't start, for example because its folder was deleted a moment ago.
    this.child.on('error', ({ message }) => {
      this.#stderr += message
    })
    // Node keeps messages for as long as nobody listens.
    this.child.on('message', () => undefined)
    this.ended = this.#untilEnded()
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Makes a program that loads copy-clock.mjs believe that this many milliseconds have passed. */
  async passTime(milliseconds: number): Promise<void> {
    const passed = once(this.child, 'message')
    this.child.send(milliseconds)
    await Promise.race([passed, this.ended])
  }

  /** Kills it and all its child processes. Resolves when it has ended. */
  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.#kill()
    await this.ended
  }

  async #untilEnded(): Promise<void> {
    const { child } = this
    await new Promise((resolve) => {
      child.once('exit', resolve)
      // A process that couldn't start emits only this one.
      child.once('close', resolve)
    })
    this.#kill()
    const outputs = [child.stdout, child.stderr].filter((one) => one !== null)
    const finish = Promise.all(outputs.map((one) => finished(one).catch(() => undefined)))
    // A process outside the group may keep the other end open forever.
    await Promise.race([finish, sleep(OUTPUT_DELAY)])
    for (const one of outputs) one.destroy()
  }

  #kill(): void {
    const { pid } = this.child
    if (pid === undefined) return
    if (windows) {
      spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' })
      return
    }
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // No process is left in the group, or a copy's process started this one, which is in its group then.
      this.child.kill('SIGKILL')
    }
  }
}
