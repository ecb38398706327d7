import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { all, some } from '@oauth-lab/shared/testing/share.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** Stands in for pnpm: records how it was called, and links what a command needs. */
const FAKE_PNPM = `
const { appendFileSync, existsSync, readFileSync, symlinkSync } = require('node:fs')
appendFileSync('calls', 'pnpm ' + process.argv.slice(2).join(' ') + '\\n')
if (existsSync('problem')) {
  console.error(readFileSync('problem', 'utf8'))
  process.exit(1)
}
if (!existsSync('node_modules/tsx')) symlinkSync(${JSON.stringify(join(ROOT, 'node_modules', 'tsx'))}, 'node_modules/tsx', 'junction')
`
/** Stands in for npm: records how it was called, and installs that pnpm. */
const FAKE_NPM = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs')
const args = process.argv.slice(2)
appendFileSync('calls', 'npm ' + args.join(' ') + '\\n')
const bin = args[args.indexOf('--prefix') + 1] + '/node_modules/pnpm/bin'
mkdirSync(bin, { recursive: true })
writeFileSync(bin + '/pnpm.cjs', ${JSON.stringify(FAKE_PNPM)})
`
const COMMAND = `
export async function main(args: string[]): Promise<number> {
  console.log('told', ...args)
  return 7
}
`

let repo: string

beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), 'oauth-lab-setup-'))
  mkdirSync(join(repo, 'scripts', 'lib'), { recursive: true })
  for (const file of ['setup.mjs', 'lib/run-command.mjs', 'lib/install.mjs']) {
    cpSync(join(ROOT, 'scripts', file), join(repo, 'scripts', file))
  }
  write('scripts/tell.ts', COMMAND)
  write('scripts/test.ts', COMMAND)
  write('package.json', '{ "type": "module" }')
  write('pnpm-lock.yaml', 'one')
  write('pnpm-workspace.yaml', 'packages: []')
  mkdirSync(join(repo, 'npm'))
  write('npm/package.json', '{ "type": "commonjs" }')
  write('npm/npm-cli.js', FAKE_NPM)
})

afterEach(() => {
  rmSync(repo, { recursive: true, force: true })
})

test("a command finds its packages installed with the pinned pnpm, from the unchanged lock file, and a learner's copy changes nothing", async () => {
  const { status, output } = await setup('tell', 'a', '--b')
  expect(calls()).toEqual([
    expect.stringMatching(/^npm install --prefix .* --ignore-scripts .* pnpm@10\.34\.9$/),
    'pnpm install --frozen-lockfile --prod=true',
  ])
  expect(output).toMatch(/^Installing .*\ntold a --b\n$/)
  expect(status).toBe(7)
  mkdirSync(join(repo, 'versions', 'my-copy'), { recursive: true })
  write('versions/my-copy/package.json', '{ "name": "my-copy" }')
  expect((await setup('tell')).output).toBe('told\n')
  expect(installations()).toHaveLength(1)
})

test.runIf(all)(
  'what only tests and tools need is installed with the first of them, and stays when the lock file changes',
  async () => {
    await setup('tell')
    expect((await setup('test')).output).toMatch(/^Installing .* once\.\ntold\n$/)
    expect((await setup('tell')).output).toBe('told\n')
    write('pnpm-lock.yaml', 'two')
    await setup('tell')
    expect(installations()).toEqual([
      'pnpm install --frozen-lockfile --prod=true',
      'pnpm install --frozen-lockfile --prod=false',
      'pnpm install --frozen-lockfile --prod=false',
    ])
  },
)

test.runIf(all)('a packed lab downloads nothing and installs everything at once', async () => {
  mkdirSync(join(repo, 'offline'))
  write('offline/pnpm-10.34.9.tgz', '')
  await setup('tell')
  const [npm, pnpm] = calls()
  expect(npm).toMatch(/ --offline \S+pnpm-10\.34\.9\.tgz$/)
  expect(pnpm).toMatch(/ --prod=false --offline --store-dir \S+store$/)
})

test.runIf(all)('an interrupted install is started again', async () => {
  write('problem', 'half-way')
  expect((await setup('tell')).status).toBe(1)
  rmSync(join(repo, 'problem'))
  expect((await setup('tell')).status).toBe(7)
  expect(installations()).toHaveLength(2)
})

test.runIf(all)(
  'only one of several first commands installs, even if a killed one left its lock',
  async () => {
    const tickets = join(repo, 'node_modules', '.oauth-lab', 'tickets')
    mkdirSync(tickets, { recursive: true })
    writeFileSync(join(tickets, 'left-behind'), '')
    utimesSync(join(tickets, 'left-behind'), 0, 0)
    const results = await Promise.all(Array.from({ length: 4 }, () => setup('tell')))
    for (const { status, output } of results) {
      expect(output).toMatch(/told\n$/)
      expect(status).toBe(7)
    }
    expect(installations()).toHaveLength(1)
  },
)

test('without a network the first command says so, and shows no stack', async () => {
  write('problem', 'npm error code ENOTFOUND\nnpm error at fetch (index.js:1:1)')
  const { status, output } = await setup('tell')
  expect(status).toBe(1)
  expect(output).toMatch(/^Installing .*\n.*registry can't be reached\. Go online.*\n$/)
})

test('another problem that pnpm reports is shown', async () => {
  write('problem', 'ERR_PNPM_NO_SPACE the disk is full')
  const { status, output } = await setup('tell')
  expect(status).toBe(1)
  expect(output).toContain('the disk is full')
})

test('a folder packed for other machines says what to do', async () => {
  write('problem', 'ERR_PNPM_NO_OFFLINE_TARBALL')
  expect((await setup('tell')).output).toMatch(/folder offline lacks .* delete that folder/)
})

test('a copy that blocks an install is named', async () => {
  write('problem', 'pnpm-lock.yaml is not up to date with <ROOT>/versions/my-copy/package.json')
  expect((await setup('tell')).output).toContain("doesn't list versions/my-copy.")
})

test('a Node that is too old gets the required version', async () => {
  for (const version of ['v18.20.8', 'v20.18.3']) {
    write('old.cjs', `Object.defineProperty(process, 'version', { value: '${version}' })`)
    const { status, output } = await node('--require', './old.cjs', 'scripts/setup.mjs', 'tell')
    expect(status).toBe(1)
    expect(output).toBe(
      `oauth-lab needs Node 20.19 or later, and this is ${version}. Get a newer one at https://nodejs.org.\n`,
    )
  }
})

test('an unknown command gets the list of commands', async () => {
  const { status, output } = await setup('tel')
  expect(status).toBe(2)
  expect(output).toBe('There is no command "tel". Choose one of these: tell, test.\n')
})

test('a version that is not there is named before anything is installed', async () => {
  for (const name of ['v02-state', 'v01-code-flow']) {
    mkdirSync(join(repo, 'versions', name), { recursive: true })
  }
  mkdirSync(join(repo, 'v03-mine'))
  for (const name of ['v02x', 'v3']) {
    const { status, output } = await setup('test', name)
    expect(output).toBe(
      `There is no version "${name}". Choose one of these: v01-code-flow, v02-state.\n`,
    )
    expect(status).toBe(2)
  }
  expect(existsSync(join(repo, 'calls'))).toBe(false)
  for (const name of ['V1', 'v02-state', 'v03-mine']) {
    expect((await setup('test', name)).output).toMatch(new RegExp(`told ${name}\n$`))
  }
})

test('a command whose output is closed ends, and shows no stack', async () => {
  write(
    'scripts/tell.ts',
    'export const main = () => new Promise(() => setInterval(() => console.log(1), 5))',
  )
  const child = spawn(process.execPath, ['scripts/setup.mjs', 'tell'], {
    cwd: repo,
    env: { ...process.env, INIT_CWD: repo, npm_execpath: join(repo, 'npm', 'npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const errors = await text(child.stderr)
  expect(errors).toBe('')
})

test('an error that says what to do is shown in one line, with its status, and any other with its stack', async () => {
  const told = [
    { code: 'EACCES', message: "EACCES: not here, open '/a/file'", status: 1 },
    { exitStatus: 2, message: 'Say which.', status: 2 },
    { code: 'EROFS', message: "EROFS: not here, open '/a/file'", status: 1 },
    { code: 'ENOSPC', message: "ENOSPC: not here, open '/a/file'", status: 1 },
    { exitStatus: 1, message: 'Say which.', status: 1 },
  ]
  for (const { message, status, ...fields } of some(told, 2)) {
    const error = `Object.assign(new Error(${JSON.stringify(message)}), ${JSON.stringify(fields)})`
    write('scripts/tell.ts', `export const main = () => { throw ${error} }`)
    const result = await setup('tell')
    expect(result.output.replace(/^Installing .*\n/, '')).toBe(`${message}\n`)
    expect(result.status).toBe(status)
  }
  write('scripts/tell.ts', "export const main = async () => { throw new Error('a mistake') }")
  expect((await setup('tell')).output).toContain('at main')
})

// Root may write everywhere, and Windows doesn't express a folder's rights as a mode.
test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
  "a folder that doesn't allow an install gets a one-line error",
  async () => {
    chmodSync(repo, 0o555)
    const { status, output } = await setup('tell')
    chmodSync(repo, 0o755)
    expect(output).toBe(
      `You can't write in ${realpathSync(repo)}: move the lab to a folder of your own.\n`,
    )
    expect(status).toBe(1)
  },
)

test.runIf(process.platform !== 'win32')(
  'a folder whose name no tool can handle gets a one-line error',
  async () => {
    for (const name of ['a?b', 'a*b']) {
      cpSync(join(repo, 'scripts'), join(repo, name, 'scripts'), { recursive: true })
      const { status, output } = await node(join(name, 'scripts', 'setup.mjs'), 'tell')
      expect(output).toMatch(/^\/.*\/a.b has a [?*] in its name, .*\. Rename the folder\.\n$/)
      expect(status).toBe(1)
    }
  },
)

function setup(...args: string[]): Promise<{ status: number | null; output: string }> {
  return node('scripts/setup.mjs', ...args)
}

function node(...args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: repo,
    env: { ...process.env, INIT_CWD: repo, npm_execpath: join(repo, 'npm', 'npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.once('close', (status) => resolve({ status, output }))
  })
}

function installations(): string[] {
  return calls().filter((call) => call.startsWith('pnpm'))
}

/** How npm and pnpm were called, one line each. */
function calls(): string[] {
  return readFileSync(join(repo, 'calls'), 'utf8').trim().split('\n')
}

function write(file: string, text: string): void {
  writeFileSync(join(repo, file), text)
}
