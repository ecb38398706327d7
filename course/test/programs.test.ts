import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '@oauth-lab/shared/config.ts'
import { expect, onTestFinished, test } from 'vitest'
import { checkCopy } from '../exercises/check-copy.ts'
import { must } from '../exercises/check-stage.ts'
import type { Sentence } from '../exercises/sentence.ts'
import {
  addressesFrom,
  addressesOf,
  isProgramCode,
  PORT_COUNT,
  portsOf,
  programsOf,
  settingsOf,
} from '../programs/programs.ts'
import { listVersions } from '../programs/versions.ts'
import { startInProcess } from './in-process.ts'
import { makeVersionWithApi } from './with-api.ts'

test("a version's programs are its subfolders with a main.ts, and a worker ends by itself", () => {
  const { folder, remove } = makeVersionWithApi()
  onTestFinished(remove)
  expect(programsOf({ folder })).toEqual({
    listening: ['server', 'client', 'api'],
    ending: ['worker'],
  })
})

test.each(listVersions())(
  '$name: the programs whose app.ts exports a builder listen',
  (version) => {
    const { listening, ending } = programsOf(version)
    const builds = (name: string) => {
      const app = join(version.folder, name, 'app.ts')
      return existsSync(app) && /^export function build[A-Z]/m.test(readFileSync(app, 'utf8'))
    }
    expect([...listening, ...ending].filter(builds)).toEqual(listening)
  },
)

test('each program has a script of its name in its version', () => {
  for (const version of listVersions()) {
    const { listening, ending } = programsOf(version)
    const { scripts } = JSON.parse(readFileSync(join(version.folder, 'package.json'), 'utf8'))
    for (const name of [...listening, ...ending]) {
      expect(scripts[name], version.name).toBe(`tsx ${name}/main.ts`)
    }
  }
})

test('--port sets the ports of server, client, workshop and API, one after the other', () => {
  expect(PORT_COUNT).toBe(4)
  expect(portsOf(addressesFrom(26_000))).toEqual({
    server: 26_000,
    client: 26_001,
    workshop: 26_002,
    api: 26_003,
  })
  expect(addressesFrom(25_000)).toEqual(addressesOf(readConfig({})))
  const addresses = addressesFrom(27_000)
  expect(addressesOf(readConfig(settingsOf(addresses)))).toEqual(addresses)
})

test("a version's code is its protocol and its programs, whatever their names", () => {
  const paths = ['protocol.ts', 'server/app.ts', 'api/main.ts', 'worker/main.ts', 'cli/views/a.eta']
  expect(paths.filter(isProgramCode)).toEqual(paths)
  const others = ['README.md', 'package.json', 'test/state.test.ts', 'node_modules/a/b.ts', '.a/b']
  expect(others.filter(isProgramCode)).toEqual([])
})

test('a check runs the API of a copy against a stand-in for the server', async () => {
  const { folder, remove } = makeVersionWithApi()
  onTestFinished(remove)
  const sentence: Sentence = {
    id: 'asks',
    text: 'The API asks the server.',
    file: 'api/app.ts',
    probe: async (stage) => {
      const { body } = await stage.browser().open(`${stage.apiUrl}/api/me`)
      must(body === '{"status":404}', `it answers ${body}`)
    },
  }
  const result = await checkCopy(folder, { sentences: [sentence] }, { start: startInProcess })
  expect(result).toEqual({ kind: 'findings', findings: [{ sentence, status: 'done' }] })
})
