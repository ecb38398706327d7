import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { listFiles } from '@oauth-lab/course/differences/files.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { describe, expect, test } from 'vitest'

/** The folders that the files of a folder may import from, besides their own. Other folders may use none. */
const ALLOWED: Record<string, string[]> = {
  shared: [],
  versions: ['shared'],
  course: ['shared'],
  scripts: ['course', 'shared'],
  workshop: ['course', 'shared'],
  maintain: ['course', 'shared'],
  'vitest.config.ts': ['course', 'shared'],
}
/** Commands that open the workshop or print its pages. */
const EXCEPTIONS = ['scripts/start.ts', 'scripts/handout.ts']

/** Files by their path from the top of the repo, with the files that each imports. */
type Imports = Map<string, string[]>

const imports: Imports = new Map(
  listFiles(ROOT)
    .filter((path) => /\.(ts|mts|mjs|js)$/.test(path))
    .map((path) => [path, importsOf(path)]),
)

/** The files of the repo that a file imports, types included. */
function importsOf(file: string): string[] {
  const code = readFileSync(join(ROOT, file), 'utf8')
  return importedNames(code).flatMap((name) => {
    const path = name.startsWith('@oauth-lab/')
      ? join(ROOT, name.slice('@oauth-lab/'.length))
      : join(ROOT, dirname(file), name)
    const isFile = /^[.@]/.test(name) && existsSync(path) && statSync(path).isFile()
    return isFile ? [relative(ROOT, path).replaceAll('\\', '/')] : []
  })
}

function importedNames(code: string): string[] {
  const found = code.matchAll(/(?:^|\W)(?:from|import)\s*\(?\s*'([^']+)'/gm)
  return [...found].map(([, name = '']) => name)
}

function folderOf(file: string): string {
  return file.split('/', 1)[0] ?? ''
}

/** What a file may import from: paths, or the start of paths. */
function allowedFor(file: string): string[] {
  const [folder = '', version, program] = file.split('/')
  const others = (ALLOWED[folder] ?? []).map((name) => `${name}/`)
  if (EXCEPTIONS.includes(file)) others.push('workshop/')
  if (folder !== 'versions') return [`${folder}/`, ...others]
  const isProgram = file.split('/').length > 3 && program !== 'test'
  if (!isProgram) return [`versions/${version}/`, ...others]
  return [`versions/${version}/${program}/`, `versions/${version}/protocol.ts`, ...others]
}

function wrongImports(graph: Imports): string[] {
  return [...graph].flatMap(([file, paths]) => {
    const allowed = allowedFor(file)
    return paths
      .filter((path) => !allowed.some((start) => path.startsWith(start)))
      .map((path) => `${file} imports ${path}`)
  })
}

function circlesIn(graph: Imports): string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return circles
}

describe('imports', () => {
  test('go one way: versions and course use shared, and the two faces use course', () => {
    expect(wrongImports(imports)).toEqual([])
  })

  test('have no circle', () => {
    expect(circlesIn(imports)).toEqual([])
  })

  test('are found in every folder', () => {
    const folders = new Set([...imports.keys()].map(folderOf))
    expect([...folders]).toEqual(expect.arrayContaining(Object.keys(ALLOWED)))
    for (const folder of ['course', 'scripts', 'workshop', 'maintain']) {
      const used = [...imports].filter(([file]) => folderOf(file) === folder)
      expect(used.flatMap(([, paths]) => paths.map(folderOf))).toContain('shared')
    }
  })
})

describe('these checks', () => {
  test.each([
    ['course/attacks/matrix.ts', 'scripts/print/fill.ts'],
    ['course/test/diff.test.ts', 'scripts/diff.ts'],
    ['workshop/test/handout.test.ts', 'scripts/handout.ts'],
    ['scripts/diff.ts', 'workshop/app.ts'],
    ['maintain/bench/lib/startup.ts', 'workshop/runner.ts'],
    ['shared/app.ts', 'course/programs/versions.ts'],
    ['versions/v01-code-flow/server/app.ts', 'course/programs/versions.ts'],
    ['versions/v02-state/client/app.ts', 'versions/v02-state/server/app.ts'],
    ['versions/v02-state/test/state.test.ts', 'versions/v01-code-flow/server/app.ts'],
    ['new-folder/main.ts', 'shared/app.ts'],
  ])('find that %s imports %s', (file, path) => {
    expect(wrongImports(new Map([[file, [path]]]))).toEqual([`${file} imports ${path}`])
  })

  test('find a circle of any length, even behind files that were visited before', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['b', 'a']],
      ['d', ['d']],
    ])
    expect(circlesIn(graph)).toEqual(['d -> d', 'a -> c -> a'])
  })

  test.each([
    "import { a, type B } from './x.ts'",
    "import type {\n  B,\n} from './x.ts'",
    "import './x.ts'",
    "export * from './x.ts'",
    "const x = await import('./x.ts')",
    "const x = await import(\n  './x.ts'\n)",
    "type X = import('./x.ts').X",
  ])('read %j', (code) => {
    expect(importedNames(code)).toEqual(['./x.ts'])
  })
})
