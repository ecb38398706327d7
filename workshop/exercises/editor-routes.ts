import { basename, dirname } from 'node:path'
import { exercises as codeOf } from '@oauth-lab/course/exercises/all-exercises.ts'
import type { Files } from '@oauth-lab/course/exercises/copy-draft.ts'
import { endOf, startOf } from '@oauth-lab/course/exercises/exercise-start.ts'
import { tellFileTrouble } from '@oauth-lab/course/exercises/file-trouble.ts'
import type { FastifyInstance } from 'fastify'
import { Conflict, deleteCopyFile, readCopyFile, saveCopyFile } from './copy-files.ts'
import { viewFiles } from './editor-files.ts'
import { editorModules, MODULES } from './editor-modules.ts'
import type { Exercise } from './open-exercises.ts'

interface Asked {
  Params: { name: string }
}

interface AskedFile extends Asked {
  Querystring: { path: string; of: 'copy' | 'start' | 'solution' }
}

interface Saved extends Asked {
  Body: { path: string; text: string; hash?: string }
}

interface Deleted extends Asked {
  Body: { path: string; hash: string }
}

const TEXT = { type: 'string' }
const QUERY = {
  type: 'object',
  required: ['path'],
  properties: {
    path: TEXT,
    of: { enum: ['copy', 'start', 'solution'], default: 'copy' },
  },
}
const SAVED = {
  type: 'object',
  required: ['path', 'text'],
  properties: { path: TEXT, text: TEXT, hash: TEXT },
}
const DELETED = {
  type: 'object',
  required: ['path', 'hash'],
  properties: { path: TEXT, hash: TEXT },
}

/**
 * What the editor on the page of an exercise requests: the list of files, a file, and to save, make or delete one.
 *
 * @param find the exercise with a name, or throws
 */
export async function editorRoutes(
  app: FastifyInstance,
  { find }: { find: (name: string) => Exercise },
): Promise<void> {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson)
  // The script reads JSON, of errors too.
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const inWords = tellFileTrouble(error)
    const status = inWords === undefined ? (error.statusCode ?? 500) : 409
    if (status >= 500) console.error(error)
    const disk = error instanceof Conflict ? (error.disk ?? null) : undefined
    return reply.code(status).send({ message: inWords ?? error.message, disk })
  })

  app.get<{ Params: { '*': string } }>(`${MODULES}*`, ({ params }, reply) => {
    const file = editorModules.get(params['*'])
    return file === undefined ? reply.callNotFound() : reply.sendFile(basename(file), dirname(file))
  })
  app.get<Asked>('/exercises/:name/files', async ({ params }) => viewFiles(find(params.name)))
  app.get<AskedFile>(
    '/exercises/:name/file',
    { schema: { querystring: QUERY } },
    async ({ params, query: { path, of } }) => {
      const { place } = find(params.name)
      if (of === 'copy') return readCopyFile(place, path)
      return { text: filesFor(place.version, of).get(path) ?? null }
    },
  )
  app.post<Saved>(
    '/exercises/:name/file',
    { schema: { body: SAVED } },
    async ({ params, body: { path, text, hash } }) => {
      return { hash: saveCopyFile(find(params.name).place, path, text, hash) }
    },
  )
  app.post<Deleted>(
    '/exercises/:name/file/delete',
    { schema: { body: DELETED } },
    async ({ params, body: { path, hash } }) => {
      deleteCopyFile(find(params.name).place, path, hash)
      return {}
    },
  )
}

function filesFor(version: Exercise['place']['version'], of: 'start' | 'solution'): Files {
  const exercise = codeOf[version.number]
  return of === 'solution' || exercise === undefined ? endOf(version) : startOf(version, exercise)
}
