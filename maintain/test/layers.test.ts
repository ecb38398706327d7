import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { listFiles } from '@oauth-lab/course/differences/files.ts'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { describe, expect, test } from 'vitest'

/** Which folders the files of a folder may import from, besides their own. */
const ALLOWED: Record<string, string[]> = {
  shared: [],
  versions: ['shared'],
  course: ['shared'],
  scripts: ['course', 'shared'],
  workshop: ['course', 'shared'],
  maintain: ['course', 'shared'],
}
/** Commands that open the workshop, or print its pages. */
const EXCEPTIONS = ['scripts/start.ts', 'scripts/handout.ts']

const folders = [
  ...Object.keys(ALLOWED).filter((name) => name !== 'versions'),
  ...listVersions().map(({ name }) => `versions/${name}`),
]
const files = folders.flatMap((folder) =>
  listFiles(join(ROOT, folder))
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => `${folder}/${path}`),
)
const imports = new Map(files.map((file) => [file, importsOf(file)]))

/** The files of the repo that a file imports, types included. */
function importsOf(file: string): string[] {
  const code = readFileSync(join(ROOT, file), 'utf8')
  const names = [...code.matchAll(/(?:^|\W)(?:from|import)\s*\(?'([^']+)'/gm)].map(
    ([, name]) => name,
  )
  return names.flatMap((name = '') => {
    const path = name.startsWith('@oauth-lab/')
      ? join(ROOT, name.slice('@oauth-lab/'.length))
      : join(ROOT, dirname(file), name)
    const isFile = /^[.@]/.test(name) && existsSync(path) && statSync(path).isFile()
    return isFile ? [relative(ROOT, path).replaceAll('\\', '/')] : []
  })
}

function folderOf(file: string): string {
  return file.split('/', 1)[0] ?? ''
}

describe('imports', () => {
  test('point one way: versions and course use shared, and the two faces use course', () => {
    const wrong = files.flatMap((file) => {
      const own = folderOf(file)
      const allowed = [
        own,
        ...(ALLOWED[own] ?? []),
        ...(EXCEPTIONS.includes(file) ? ['workshop'] : []),
      ]
      const others = (imports.get(file) ?? []).filter((path) => !allowed.includes(folderOf(path)))
      return others.map((path) => `${file} imports ${path}`)
    })
    expect(wrong).toEqual([])
  })

  test('of one program never lead into another one, nor into another version', () => {
    const programs = files.filter(
      (file) => /^versions\/[^/]+\/[^/]+\//.test(file) && !/\/test\//.test(file),
    )
    const wrong = programs.flatMap((file) => {
      const [, version, program] = file.split('/')
      const own = [`versions/${version}/${program}/`, `versions/${version}/protocol.ts`, 'shared/']
      const others = (imports.get(file) ?? []).filter(
        (path) => !own.some((start) => path.startsWith(start)),
      )
      return others.map((path) => `${file} imports ${path}`)
    })
    expect(wrong).toEqual([])
  })

  test('make no circle', () => {
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
        return
      }
      if (done.has(file)) return
      for (const next of imports.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(circles).toEqual([])
  })
})
