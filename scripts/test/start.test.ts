import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { isFree } from '@oauth-lab/course/programs/free-addresses.ts'
import { findVersion, listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { whoAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import { makeVersionWithApi } from '@oauth-lab/course/test/with-api.ts'
import { Browser, html } from '@oauth-lab/shared/testing/browser.ts'
import { credentials } from '@oauth-lab/shared/testing/driver.ts'
import { full, some } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { main } from '../start.ts'

/** Windows has no signals that a program could handle: they end it at once. */
const signals = process.platform !== 'win32'
const linux = process.platform === 'linux'
/** A line about a request. */
const LOG_LINE = / ms$/

/** `npm start`, as npm runs it. */
class Start {
  readonly port: number
  readonly process: ChildProcess
  readonly ended: Promise<number | null>
  output = ''

  constructor(port: number, ...args: string[]) {
    this.port = port
    const setup = join(ROOT, 'scripts', 'setup.mjs')
    // A terminal also gives it its own process group, so a Ctrl-C reaches every process in it.
    this.process = spawn(process.execPath, [setup, 'start', ...args, '--port', String(port)], {
      cwd: ROOT,
      env: { ...process.env, INIT_CWD: tmpdir() },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: signals,
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.output += text
      })
    }
    this.ended = new Promise((resolve) => this.process.once('close', resolve))
  }

  get serverUrl(): string {
    return `http://localhost:${this.port}`
  }

  get clientUrl(): string {
    return `http://localhost:${this.port + 1}`
  }

  get workshopUrl(): string {
    return `http://localhost:${this.port + 2}`
  }

  /** Waits until it has printed a text. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.process.exitCode !== null) throw new Error(`It ended: ${this.output}`)
      await sleep(20)
    }
  }

  /** Waits until it has printed what to do. By then the programs respond. */
  async ready(): Promise<void> {
    await this.says('Ctrl-C')
  }

  /** Which programs respond at its ports, in the order of the ports. */
  async programs(): Promise<(string | undefined)[]> {
    const answers = await Promise.all([0, 1, 2, 3].map((index) => whoAnswers(this.port + index)))
    return answers.map((answer) => answer?.program).filter((program) => program !== undefined)
  }

  async nothingIsLeft(): Promise<void> {
    await expect.poll(() => this.programs()).toEqual([])
  }

  /** Ends it as a Ctrl-C in a terminal does. */
  interrupt(): Promise<number | null> {
    process.kill(-(this.process.pid as number), 'SIGINT')
    return this.ended
  }
}

describe('npm start without the workshop', () => {
  const newest = listVersions().at(-1)?.name ?? ''
  let first: Start
  let second: Start

  beforeAll(async () => {
    const port = await freePorts()
    first = new Start(port, '4', '--no-workshop')
    second = new Start(await freePorts(), newest, '--no-workshop')
    await Promise.all([first.ready(), second.ready()])
  })

  afterAll(() => {
    for (const { process } of [first, second]) process.kill('SIGKILL')
  })

  test('runs the programs that listen of the version with a given number or name', async () => {
    expect(await first.programs()).toEqual([
      'v04-protected-resource server',
      'v04-protected-resource client',
    ])
    expect(await second.programs()).toEqual([
      `${newest} server`,
      `${newest} client`,
      `${newest} api`,
    ])
  })

  test('says what runs, where, who can log in, what to try, and how to continue', () => {
    const { title, idea, tryFirst } = readLesson(findVersion('4'))
    const said = first.output.replace(/\s+/g, ' ')
    const told = [
      title,
      idea,
      `client ${first.clientUrl}`,
      `server ${first.serverUrl}`,
      'user0 with password0',
      `try first ${tryFirst}`,
      `npm start v05 (there are v01 to ${newest.slice(0, 3)})`,
      'stop with Ctrl-C',
    ]
    for (const text of told) expect(said).toContain(text)
    expect(second.output).toContain('npm start v01')
  })

  test('shows no request of its own in the log', () => {
    expect(first.output).not.toMatch(/ms$/m)
  })

  test('runs two versions, and one browser can be logged in to both', async () => {
    const browser = new Browser()
    await login(browser, first, 'user0')
    await login(browser, second, 'user1')
    expect((await browser.open(`${first.clientUrl}/profile`)).body).toContain('User Number 0')
    expect((await browser.open(`${second.clientUrl}/profile`)).body).toContain('User Number 1')
  })

  test('logs one whole line for each request of each program', async () => {
    await expect.poll(() => first.output).toMatch(/^server {2}back {3}POST {2}\/token {2}200/m)
    for (const line of first.output.split('\n').filter((line) => LOG_LINE.test(line)))
      expect(line).toMatch(/^(server|client) {2}(front|back ) {2}\S+ +\//)
  })

  test.runIf(signals)('ends both programs at Ctrl-C, silently and with exit status 0', async () => {
    // Lines of earlier requests may still come.
    const said = () => first.output.split('\n').filter((line) => !LOG_LINE.test(line))
    const before = said()
    expect(await first.interrupt()).toBe(0)
    await first.nothingIsLeft()
    expect(said()).toEqual(before)
  })

  test.runIf(linux)(
    'stops the other program when one dies, says so, and ends with an error status',
    async () => {
      const died = killProgram(second, 'client')
      expect(await second.ended).toBe(1)
      await second.nothingIsLeft()
      expect(second.output).toContain(died)
    },
  )
})

describe('npm start ends the programs when its parent is killed', () => {
  const start = `require('node:child_process').spawn(process.execPath, process.argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit', process.env.CHANNEL] })`
  // Imitates Windows, where an orphan keeps the process id of its parent.
  const keepParent = `const { ppid } = process
Object.defineProperty(process, 'ppid', { get: () => ppid })`
  const parents = {
    npm: { npm_lifecycle_event: 'start', CHANNEL: 'ignore' },
    'a program with a channel to it': { npm_lifecycle_event: undefined, CHANNEL: 'ipc' },
  }
  for (const [parent, settings] of some(Object.entries(parents))) {
    test(`(${parent})`, async () => {
      const port = await freePorts()
      const setup = join(ROOT, 'scripts', 'setup.mjs')
      const args = ['start', 'v01', '--no-workshop', '--port', String(port)]
      const NODE_OPTIONS = `--import "data:text/javascript,${encodeURIComponent(keepParent)}"`
      const child = spawn(process.execPath, ['-e', start, setup, ...args], {
        cwd: ROOT,
        env: { ...process.env, ...settings, NODE_OPTIONS },
      })
      const programs = () => Promise.all([port, port + 1].map(whoAnswers))
      await expect.poll(programs).not.toContain(undefined)
      child.kill('SIGKILL')
      await expect.poll(programs).toEqual([undefined, undefined])
    })
  }
})

describe('npm start', () => {
  // The usual name of a second unzip, which could be taken for a pattern.
  const { folder, remove } = makeVersionWithApi('oauth-lab (1)-')
  const name = basename(folder)
  const all = [`${name} server`, `${name} client`, 'workshop', `${name} api`]
  let start: Start

  beforeAll(async () => {
    start = new Start(await freePorts(), folder)
    await start.ready()
  })

  afterAll(() => {
    start.process.kill('SIGKILL')
    remove()
  })

  test('runs the workshop and the programs that listen, from port N to N+3, and says how to run the ones that end', async () => {
    expect(await start.programs()).toEqual(all)
    const said = start.output.replace(/\s+/g, ' ')
    const apiUrl = `http://localhost:${start.port + 3}`
    const settings = `AUTH_SERVER_URL=${start.serverUrl} API_URL=${apiUrl}`
    expect(said).toContain(`workshop ${start.workshopUrl} `)
    expect(said).toContain(`API ${apiUrl}`)
    // On one line, to copy.
    expect(start.output).toContain(` ${settings} npm run worker, in `)
  })

  test('names the programs that hold the ports, and suggests other ports', async () => {
    const second = new Start(start.port, folder, '--no-workshop')
    expect(await second.ended).toBe(1)
    const taken = ['server', 'client', 'api'].map((program) => {
      const port = start.port + all.indexOf(`${name} ${program}`)
      return `Port ${port} is already in use: ${name} ${program} is still running there.`
    })
    expect(second.output.trim().split('\n')).toEqual([
      taken.join(' '),
      expect.stringMatching(/^Stop it, or choose other ports: npm start -- .* --port \d+$/),
    ])
  })

  test.runIf(linux)(
    'stops the other programs when one dies, says so, and starts a version at a click',
    async () => {
      const died = killProgram(start, 'server')
      await start.says(died)
      await expect.poll(() => start.programs()).toEqual(['workshop'])
      expect(await (await fetch(`${start.workshopUrl}/run/slots`)).text()).toContain(died)

      const body = new URLSearchParams({ version: 'v03-pkce' })
      await fetch(`${start.workshopUrl}/run/start`, { method: 'POST', body, redirect: 'manual' })
      await expect
        .poll(() => start.programs())
        .toEqual(['v03-pkce server', 'v03-pkce client', 'workshop'])
    },
  )

  test.runIf(signals)('ends all programs at Ctrl-C, silently and with exit status 0', async () => {
    const before = start.output
    expect(await start.interrupt()).toBe(0)
    await start.nothingIsLeft()
    expect(start.output).toBe(before)
  })

  test.runIf(full && linux)('ends with exit status 1 if a program was dead', async () => {
    start = new Start(await freePorts(), 'v03')
    await start.ready()
    await start.says(killProgram(start, 'client'))
    start.process.kill('SIGTERM')
    expect(await start.ended).toBe(1)
    await start.nothingIsLeft()
  })

  test.runIf(full)('leaves no program behind when it is killed', async () => {
    start = new Start(await freePorts(), 'v03')
    await start.ready()
    start.process.kill('SIGKILL')
    await start.ended
    await start.nothingIsLeft()
  })

  test('restarts all programs with --watch when a file of one changes, even a template', async () => {
    rmSync(join(folder, 'api'), { recursive: true })
    edit('server/views/home.eta', /^/, '<%= process.pid %>')
    start = new Start(await freePorts(), folder, '--watch')
    await start.ready()
    const bodyAt = async (url: string) => (await new Browser().open(url)).body
    const before = await bodyAt(start.serverUrl)
    edit('client/views/home.eta', '<p>', '<p>A new line</p><p>')
    await start.says('The programs have restarted.')
    expect(await bodyAt(start.clientUrl)).toContain('A new line')
    expect(await bodyAt(start.serverUrl)).not.toBe(before)
    // The signal reaches only this process. On Windows it ends at once.
    start.process.kill('SIGTERM')
    expect(await start.ended).toBe(signals ? 0 : null)
    await start.nothingIsLeft()
  })

  test.runIf(full)(
    'without the workshop, ends with the exit status of a program that dies',
    async () => {
      const dies =
        "import { existsSync } from 'node:fs'\nsetInterval(() => existsSync('die') && process.exit(3), 20)\n"
      edit('client/main.ts', /^/, dies)
      start = new Start(await freePorts(), folder, '--no-workshop')
      await start.ready()
      writeFileSync(join(folder, 'die'), '')
      expect(await start.ended).toBe(3)
      await start.nothingIsLeft()
      expect(start.output).toContain(
        'The client died (exit status 3), so the other programs were stopped too.',
      )
    },
  )

  function edit(file: string, text: string | RegExp, other: string): void {
    const path = join(folder, file)
    writeFileSync(path, readFileSync(path, 'utf8').replace(text, other))
  }
})

describe('npm start says in one line', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  test('that there is no such version, and which ones exist', async () => {
    expect(await refusal('v99')).toMatch(
      /^There is no version "v99"\. Choose one of these: v01-code-flow, /,
    )
  })

  test('that there is no such option, and which ones exist', async () => {
    const line = await refusal('v01', '--prot', '1')
    expect(line).toMatch(/^Unknown option '--prot'\. The options are --open, .* and --watch /)
  })

  test('what --port accepts', async () => {
    for (const port of ['0', '65533', '80a', '-1', '1.5', '']) {
      const line = await refusal(`--port=${port}`)
      expect(line).toBe(`--port needs a number from 1 to 65532, not ${JSON.stringify(port)}.`)
    }
    expect(await refusal('--port')).toContain('The options are')
  })

  test('that browsers refuse --port or one of the next three ports', async () => {
    for (const port of ['6662', '6663', '6664', '6665', '10077']) {
      expect(await refusal('--port', port)).toMatch(
        /^--port \d+ uses ports \d+ to \d+, but browsers block port (6665|6666|10080)\. Choose another one, such as 26000\.$/,
      )
    }
    expect(await refusal('--port', '6664')).toContain('ports 6664 to 6667, but browsers block')
  })

  test("that a port can't be used even though no program holds it", async () => {
    const port = await freePorts()
    const holder = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve))
    vi.stubEnv('AUTH_SERVER_URL', `http://localhost:${port - 2}`)
    vi.stubEnv('CLIENT_URL', `http://localhost:${port - 1}`)
    vi.stubEnv('WORKSHOP_URL', `http://localhost:${port}`)
    expect(await refusal('v01')).toMatch(new RegExp(`^Port ${port} is `))
    holder.close()
  })

  test('with status 2 if the command is wrong, and 1 if the machine or a setting is', async () => {
    for (const args of [['v99'], ['v01', 'v02'], ['--prot'], ['--port', '0']]) {
      await expect(main(args)).rejects.toMatchObject({ exitStatus: 2 })
    }
    vi.stubEnv('CODE_TTL', 'soon')
    await expect(main(['v01'])).rejects.toMatchObject({ exitStatus: 1 })
  })

  test('that it runs one version at a time', async () => {
    expect(await refusal('v01', 'v02')).toContain('One version at a time')
  })

  test('that npm took an option for itself', async () => {
    vi.stubEnv('npm_config_port', '26000')
    expect(await refusal('v02')).toMatch(/npm read --port .* npm start -- v02 --port 26000/)
  })

  test('that PowerShell drops the dashes that npm needs', async () => {
    vi.stubEnv('npm_config_port', '26000')
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32')
    expect(await refusal('v02')).toMatch(/\(in PowerShell: npm\.cmd start -- v02 --port 26000\)$/)
  })

  test('which setting is wrong, its value, and the allowed values', async () => {
    vi.stubEnv('CODE_TTL', 'soon')
    expect(await refusal('v01')).toMatch(/^CODE_TTL is "soon"\. Set it to a positive/)
  })

  test('that two programs need two ports', async () => {
    vi.stubEnv('AUTH_SERVER_URL', 'http://localhost:26000')
    vi.stubEnv('CLIENT_URL', 'http://localhost:26000')
    expect(await refusal('v01')).toMatch(/both use port 26000\. Give each program its own port/)
  })

  test('that the workshop needs a port of its own', async () => {
    vi.stubEnv('CLIENT_URL', 'http://localhost:26001')
    vi.stubEnv('WORKSHOP_URL', 'http://localhost:26001')
    expect(await refusal('v01')).toMatch(/^CLIENT_URL and WORKSHOP_URL both use port 26001/)
  })

  test('that only the workshop can be opened', async () => {
    expect(await refusal('v01', '--open', '--no-workshop')).toContain("doesn't run with --no-w")
    expect(await refusal('v01', '--open', '--watch')).toContain("doesn't run with --watch")
  })

  test("that a copy is in a folder where its imports can't be found", async () => {
    const copy = mkdtempSync(join(tmpdir(), 'oauth-lab-copy-'))
    cpSync(join(findVersion('1').folder, 'server'), join(copy, 'server'), { recursive: true })
    expect(await refusal(copy)).toContain("can't find shared/")
    rmSync(copy, { recursive: true })
  })

  async function refusal(...args: string[]): Promise<string> {
    const error = await main(args).catch((thrown) => thrown)
    expect(error).toMatchObject({ exitStatus: expect.any(Number) })
    return error.message
  }
})

async function login(browser: Browser, { clientUrl }: Start, user: string): Promise<void> {
  const form = await browser.visit(`${clientUrl}/login`)
  const end = await browser.follow(await browser.answerForms(form, credentials(user)))
  expect(end.status, html(end).text).toBe(200)
}

/** Kills one of the programs with SIGKILL and returns what the command says about it. Needs Linux to list them. */
function killProgram({ process: { pid } }: Start, name: string): string {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const program = children.find((child) => {
    return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(`${name}/main.ts`)
  })
  process.kill(Number(program), 'SIGKILL')
  return `The ${name} died (SIGKILL), so the other programs were stopped too.`
}

/** A port that is free, with the next three, below the range that systems use for connections. */
async function freePorts(): Promise<number> {
  const port = 20_000 + 4 * randomInt(3_000)
  const free = await Promise.all([0, 1, 2, 3].map((index) => isFree(port + index)))
  return free.every(Boolean) ? port : freePorts()
}
