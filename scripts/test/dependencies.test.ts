import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { expect, test } from 'vitest'
import { NEED_EVERYTHING } from '../lib/install.mjs'
import { MACHINES } from '../lib/offline/machines.ts'

const lock = readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8')
const workspace = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
const contributing = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
/** All installed packages, indirect ones too. */
const STORE = join(ROOT, 'node_modules', '.pnpm')
/** What a line imports or resolves, except only for a type. */
const IMPORT =
  /^(?:import|export) (?!type )(?:[^'"`;]*?from )?'([^']+)'|(?:import|resolve)\(\s*'([^']+)'/gm
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall']

test('every dependency is pinned to one version, and CONTRIBUTING.md gives its reason', () => {
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

test('no package runs code at install time, and the ones that want to are listed', () => {
  const refused = [...section('allowBuilds').matchAll(/^ +"?([^":\n]+)"?: false$/gm)]
  expect(section('allowBuilds')).not.toMatch(/: true$/m)
  expect(packagesWithInstallScripts()).toEqual(refused.map(([, name]) => name).sort())
})

test('every package with platform builds has one for each machine of a class', () => {
  const families = nativeFamilies()
  expect(Object.keys(families)).toContain('@biomejs/cli')
  const machines = MACHINES.map((machine) => machine.split('-'))
  for (const [family, builds] of Object.entries(families)) {
    for (const [system = '', processor = ''] of machines) {
      for (const libc of system === 'linux' ? ['glibc', 'musl'] : ['']) {
        // A build without a named C library runs with any.
        const fits = builds.some(
          (build) =>
            build.os === system && build.cpu === processor && ['', libc].includes(build.libc),
        )
        expect(fits, `${family} for ${system} ${processor} ${libc}`).toBe(true)
      }
    }
  }
})

test('a start, and every command of a lesson, works without development dependencies', () => {
  const commands = readdirSync(join(ROOT, 'scripts'))
    .filter((file) => file.endsWith('.ts') && !NEED_EVERYTHING.includes(file.slice(0, -3)))
    .map((file) => join(ROOT, 'scripts', file))
  const programs = listVersions().flatMap(({ folder }) =>
    readdirSync(folder).map((name) => join(folder, name, 'main.ts')),
  )
  const used = packagesBehind([...commands, ...programs.filter((file) => existsSync(file))])
  const packages = [
    '.',
    'course',
    'shared',
    'workshop',
    ...readdirSync(join(ROOT, 'versions')).map((name) => `versions/${name}`),
  ]
  const installed = packages.flatMap((folder) => {
    const manifest = readFileSync(join(ROOT, folder, 'package.json'), 'utf8')
    return Object.keys(JSON.parse(manifest).dependencies ?? {})
  })
  expect(used.size).toBeGreaterThan(10)
  expect([...used].filter(([name]) => !installed.includes(name))).toEqual([])
})

/** The packages that these files import, directly or through others, each with a file that imports it. */
function packagesBehind(entries: string[]): Map<string, string> {
  const found = new Map<string, string>()
  const files = new Set(entries)
  for (const file of files) {
    for (const [, named, loaded] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const specifier = named ?? loaded ?? ''
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      if (specifier.startsWith('.')) files.add(join(dirname(file), specifier))
      else if (name === '@oauth-lab/shared')
        files.add(join(ROOT, 'shared', specifier.slice(name.length)))
      else if (!specifier.startsWith('node:')) found.set(name, relative(ROOT, file))
    }
  }
  return found
}

interface Build {
  os: string
  cpu: string
  libc: string
}

/** The builds of each package with more than one, by the common part of their names. */
function nativeFamilies(): Record<string, Build[]> {
  const families: Record<string, Build[]> = {}
  const [, packages = ''] = lock.split(/^packages:$/m)
  for (const [, name = '', fields = ''] of packages.matchAll(
    /^ {2}'?(@?[^@\s]+)@.*:\n((?: {4}.*\n)+)/gm,
  )) {
    const field = (key: string) => new RegExp(`^ +${key}: \\[(.+)\\]`, 'm').exec(fields)?.[1] ?? ''
    const build = { os: field('os'), cpu: field('cpu'), libc: field('libc') }
    const [family = ''] = name.split(new RegExp(`[-/]${build.os}`))
    if (build.os !== '' && build.cpu !== '') families[family] = [...(families[family] ?? []), build]
  }
  return families
}

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

/** The package.json of each package, but not of the packages it links to. */
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
