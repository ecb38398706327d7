import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { MACHINES, readMachines, supportedArchitectures } from '../lib/offline/machines.ts'
import { runProgram } from '../lib/offline/programs.ts'
import { UsageError } from '../lib/usage.ts'
import { ROOT } from '../lib/versions.ts'

const COMMAND = "export async function main(): Promise<number> { console.log('told'); return 0 }"
/** Stands in for pnpm: notes how it was called, and links what a command needs. */
const FAKE_PNPM = `#!/bin/sh
echo "$@" > calls
mkdir node_modules && ln -s "${join(ROOT, 'node_modules', 'tsx')}" node_modules/tsx
`

test('every machine of a class can be packed for, and no other', () => {
  expect(readMachines(MACHINES.join(','))).toEqual(MACHINES)
  expect(readMachines('win32-x64, linux-arm64')).toEqual(['win32-x64', 'linux-arm64'])
  expect(() => readMachines('windows')).toThrow(UsageError)
  expect(() => readMachines('')).toThrow(UsageError)
})

test('the store is told every system and every processor once', () => {
  const lines = supportedArchitectures(['win32-x64', 'darwin-arm64', 'linux-x64'])
  expect(lines).toContain('os: [win32, darwin, linux]')
  expect(lines).toContain('cpu: [x64, arm64]')
})

test.skipIf(process.platform === 'win32')(
  'a packed pnpm installs, from the packed store, and npm is not asked',
  async () => {
    const repo = mkdtempSync(join(tmpdir(), 'oauth-lab-offline-'))
    onTestFinished(() => rmSync(repo, { recursive: true, force: true }))
    const machine = `${process.platform}-${process.arch}`
    const pnpm = join('offline', 'pnpm', machine, 'pnpm')
    const files = {
      'scripts/tell.ts': COMMAND,
      'package.json': '{ "type": "module" }',
      'pnpm-lock.yaml': '',
      'pnpm-workspace.yaml': '',
      [pnpm]: FAKE_PNPM,
    }
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(repo, file)), { recursive: true })
      writeFileSync(join(repo, file), text)
    }
    chmodSync(join(repo, pnpm), 0o755)
    for (const file of ['setup.mjs', 'lib/setup.mjs', 'lib/install.mjs']) {
      cpSync(join(ROOT, 'scripts', file), join(repo, 'scripts', file))
    }

    const { output } = await runProgram(process.execPath, ['scripts/setup.mjs', 'tell'], repo)
    expect(output).toMatch(/^Installing .*\ntold\n$/)
    const call = readFileSync(join(repo, 'calls'), 'utf8')
    expect(call).toContain(
      `--prefer-offline --trust-lockfile --store-dir ${join(repo, 'offline', 'store')}`,
    )
    expect(call).toContain('install --frozen-lockfile')
  },
)
