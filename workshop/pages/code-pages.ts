import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { compareFolders, NOT_SHOWN } from '@oauth-lab/course/differences/compare.ts'
import { readText } from '@oauth-lab/course/differences/files.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance } from 'fastify'
import { knownVersion } from '../known-versions.ts'
import { type CodePlace, codePlaces, filesOf, hrefOfFile } from '../lesson/code-places.ts'
import { htmlLinesOf } from '../lesson/code-text.ts'
import { found, foundByName, PageTrouble } from '../page-trouble.ts'
import type { Workshop } from '../workshop.ts'

interface Asked {
  Params: { id: string; '*': string }
}

const ASSETS = { styles: ['code'], scripts: ['lesson'], wide: true }

/** `/code/:id/path`: a file of a version, of a learner's copy, or of what the versions share. */
export async function codePages(app: FastifyInstance, { playground }: Workshop): Promise<void> {
  // For the reader's own editor.
  app.get('/code/folders', () => {
    return Object.fromEntries(codePlaces(playground).map(({ id, folder }) => [id, folder]))
  })
  app.get<Asked>('/code/:id', async ({ params }, reply) => {
    const place = find(params.id)
    return reply.viewAsync('code-files', {
      title: `Files of ${place.title}`,
      place,
      files: listed(place),
      hrefOf: hrefOfFile,
      ...ASSETS,
    })
  })
  app.get<Asked>('/code/:id/*', async ({ params }, reply) => {
    const place = find(params.id)
    const files = listed(place)
    const path = params['*']
    // Looked up in the list, never used as a path.
    found(
      files.find((file) => file.path === path),
      `There is no such file in ${place.title}. Go back, and choose one from its list.`,
    )
    return reply.viewAsync('code', {
      title: `${path} - ${place.title}`,
      place,
      file: path,
      files,
      hrefOf: hrefOfFile,
      others: listVersions().map(({ name, folder }) => {
        return { id: name, hasIt: existsSync(join(folder, path)) }
      }),
      taughtBy: wayToText(place),
      ...(await viewFile(place, path)),
      ...ASSETS,
    })
  })

  /** The lesson or the exercise of a place. Shared code has none. */
  function wayToText({ id }: CodePlace): { href: string; text: string } | undefined {
    const version = knownVersion(id, playground)
    if (version === undefined) return undefined
    const { name, leadsTo } = version
    if (leadsTo !== undefined) return { href: `/exercises/${name}`, text: `Exercise ${name}` }
    return { href: `/lessons/${name}`, text: `Lesson ${name}` }
  }

  function find(id: string): CodePlace {
    return foundByName(codePlaces(playground), (place) => place.id, id, 'version')
  }
}

/** @throws {PageTrouble} if the files can't be read: a learner may have changed their permissions */
function listed(place: CodePlace) {
  try {
    return filesOf(place)
  } catch {
    const message = `The files of ${place.title} can't be read right now. Reload the page.`
    throw new PageTrouble(409, message)
  }
}

async function viewFile(place: CodePlace, path: string) {
  const text = readText(place.folder, path)?.replaceAll('\r\n', '\n')
  if (text === undefined) return { problem: NOT_SHOWN, lines: [] }
  const added = addedLines(place, path)
  const htmlLines = await htmlLinesOf(text.replace(/\n$/, ''), path.split('.').at(-1) ?? '')
  const lines = htmlLines.map((html, index) => {
    return { html, number: index + 1, isNew: added.has(index + 1) }
  })
  return { problem: undefined, lines }
}

/** The numbers of the lines that the version before doesn't have. */
function addedLines({ before, folder }: CodePlace, path: string): Set<number> {
  if (before === undefined) return new Set()
  const files = compareFolders(before.folder, folder, { only: (other) => other === path })
  const lines = files.flatMap(({ hunks }) => hunks).flatMap((hunk) => hunk.lines)
  const added = lines.filter(({ kind }) => kind === 'added')
  return new Set(added.map(({ newNumber = 0 }) => newNumber))
}
