import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../programs/versions.ts'

/** How long one command may take before the shell is killed, in milliseconds. */
const PATIENCE = 30_000

/** What this machine lacks to run the commands of the lessons, or undefined. */
export function missingForCommands(): string | undefined {
  if (process.platform === 'win32') return 'a POSIX shell'
  const tries = { sh: ['-c', ':'], curl: ['--version'], npm: ['--version'] }
  const missing = Object.entries(tries).filter(([name, args]) => spawnSync(name, args).status !== 0)
  return missing.length === 0 ? undefined : missing.map(([name]) => name).join(' and ')
}

/**
 * A POSIX shell that runs one command after another, as if someone typed them: variables and functions
 * stay. It starts in its own empty folder, which `close()` deletes. npm commands run at the top of the
 * repo, and variables that they set don't stay.
 */
export class Shell {
  readonly #folder = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
  readonly #process: ChildProcessWithoutNullStreams
  readonly #ended: Promise<unknown>
  #output = ''
  /** Called whenever there is more output. */
  #onOutput = () => {}

  constructor() {
    this.#process = spawn('sh', [], {
      cwd: this.#folder,
      // The user's own settings, such as a proxy or a .curlrc, must not change the output.
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        LC_ALL: 'C',
        OAUTH_LAB_TOP: ROOT,
        // Otherwise npm asks the package registry for a newer npm.
        npm_config_update_notifier: 'false',
      },
      // In its own process group, so a command that hangs is killed with it.
      detached: true,
    })
    this.#ended = once(this.#process, 'close')
    // Writing to a shell that has ended fails. run() reports that.
    this.#process.stdin.on('error', () => {})
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#onOutput()
      })
    }
  }

  /** Runs one command. Returns what it printed on stdout and stderr. */
  async run(command: string): Promise<string> {
    this.#output = ''
    const end = `\nend of a command ${randomUUID()}\n`
    const done = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (this.#output.includes(end)) resolve()
      }
    })
    const timer = setTimeout(() => this.#kill(), PATIENCE)
    const group = command.startsWith('npm ')
      ? `( cd "$OAUTH_LAB_TOP"\n${command}\n)`
      : `{\n${command}\n}`
    this.#process.stdin.write(`${group} </dev/null 2>&1\nprintf '%s' '${end}'\n`)
    await Promise.race([done, this.#ended])
    clearTimeout(timer)

    const [printed = '', rest] = this.#output.split(end)
    return rest === undefined ? `${printed}(the shell ended here)` : printed
  }

  async close(): Promise<void> {
    this.#kill()
    await this.#ended
    rmSync(this.#folder, { recursive: true })
  }

  #kill(): void {
    const { pid, exitCode, signalCode } = this.#process
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
  }
}
