import { join } from 'node:path'
import { listFiles, readText } from '@oauth-lab/course/differences/files.ts'
import { listVersions, ROOT, shortName } from '@oauth-lab/course/programs/versions.ts'
import { hrefOfFile } from '../lesson/code-places.ts'
import type { Entry } from './entry.ts'

const CODE = /^(?!.*test).*\.(ts|eta)$/
const EXPORT = /^export (?:async )?(?:const|let|function|class|interface|type) (\w+).*/gm

/** The files of the snapshots and what they export, each once, in the newest version that has it. */
export function codeEntries(): Entry[] {
  const versions = listVersions().reverse()
  const places = [
    ...versions.map((version) => ({
      id: version.name,
      title: shortName(version),
      folder: version.folder,
    })),
    { id: 'shared', title: 'shared', folder: join(ROOT, 'shared') },
  ]
  const found = new Map<string, { entry: Entry; places: string[] }>()
  const add = (key: string, place: string, entry: Omit<Entry, 'kind' | 'place'>) => {
    const known = found.get(key) ?? { entry: { ...entry, kind: 'Code', place: '' }, places: [] }
    found.set(key, known)
    known.places.push(place)
  }
  for (const place of places) {
    for (const path of listFiles(place.folder).filter((file) => CODE.test(file))) {
      const href = hrefOfFile(place, path)
      add(path, place.title, { title: path, href, text: '' })
      const source = readText(place.folder, path) ?? ''
      for (const { 0: line, 1: name = '', index } of source.matchAll(EXPORT)) {
        const number = source.slice(0, index).split('\n').length
        add(`${path} ${name}`, place.title, {
          title: name,
          href: `${href}#L${number}`,
          text: `${path} ${line}`,
        })
      }
    }
  }
  return [...found.values()].map(({ entry, places: [newest = '', ...earlier] }) => {
    const more =
      earlier.length === 0
        ? ''
        : `, and ${earlier.length} earlier ${earlier.length === 1 ? 'version' : 'versions'}`
    return { ...entry, place: newest + more }
  })
}
