import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../lib/versions.ts'

const workspace = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
const contributing = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
/** All packages that are installed, those behind the lab's own ones too. */
const STORE = join(ROOT, 'node_modules', '.pnpm')
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall']

test('every dependency is pinned to one version, and has its reason in CONTRIBUTING.md', () => {
  const catalog = [...section('catalog').matchAll(/^ +"?([^":\n]+)"?: (.+)$/gm)]
  const names = catalog.map(([, name = '']) => name)
  const [, table = ''] = contributing.split('## Dependencies')
  const explained = [...table.matchAll(/^\| (.+?) \| .+ \|$/gm)].flatMap(([, cell = '']) =>
    cell.split(', '),
  )
  expect(names.length).toBeGreaterThan(20)
  for (const [, name, version] of catalog) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
  expect(names.filter((name) => !explained.includes(name))).toEqual([])
})

test('no package runs code of its own at install time, and those that would are known', () => {
  const refused = [...section('allowBuilds').matchAll(/^ +"?([^":\n]+)"?: false$/gm)]
  expect(section('allowBuilds')).not.toMatch(/: true$/m)
  expect(packagesWithInstallScripts()).toEqual(refused.map(([, name]) => name).sort())
})

/** The lines under one key of pnpm-workspace.yaml. */
function section(key: string): string {
  const [, text = ''] = new RegExp(`^${key}:\\n((?: +.*\\n)+)`, 'm').exec(workspace) ?? []
  return text
}

function packagesWithInstallScripts(): string[] {
  const found = manifestsIn(STORE)
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
    .filter(({ scripts = {} }) => INSTALL_SCRIPTS.some((script) => script in scripts))
  return [...new Set(found.map(({ name }) => String(name)))].sort()
}

/** The package.json of each package, and not of what it is linked to. */
function manifestsIn(store: string): string[] {
  return readdirSync(store, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => join(store, name, 'node_modules'))
    .flatMap((folder) => packagesIn(folder))
    .map((folder) => join(folder, 'package.json'))
}

function packagesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? packagesIn(join(folder, name)) : [join(folder, name)],
    )
}
