import { tellEditedVersions } from '@oauth-lab/course/exercises/edited.ts'
import { tellFileTrouble } from '@oauth-lab/course/exercises/file-trouble.ts'
import { countHint } from '@oauth-lab/course/exercises/hint-memory.ts'
import { makeOrRenew } from '@oauth-lab/course/exercises/make.ts'
import { keptCopies } from '@oauth-lab/course/exercises/playground.ts'
import { listDifferences, writeSolution } from '@oauth-lab/course/exercises/write-solution.ts'
import { readSteps } from '@oauth-lab/course/lessons/steps.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { viewEditor } from '../exercises/editor-files.ts'
import { EDITOR_ASSETS } from '../exercises/editor-modules.ts'
import { editorRoutes } from '../exercises/editor-routes.ts'
import { type Exercise, isThere, openExercises } from '../exercises/open-exercises.ts'
import { viewCard, viewExercise } from '../exercises/view.ts'
import { allowScript, isForPart } from '../local-requests.ts'
import { found, foundByName, PageTrouble } from '../page-trouble.ts'
import type { Workshop } from '../workshop.ts'

interface Asked {
  Params: { name: string }
  Querystring: { kept?: string }
}

const ASSETS = { styles: ['exercises'], scripts: ['lesson'] }

/** `/exercises`: the learner's copies, their checks, hints and solutions. */
export async function exercisePages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const exercises = openExercises(workshop)
  app.addHook('onClose', async () => {
    await Promise.all(exercises.map(({ checks }) => checks.close()))
  })

  app.get('/exercises', async (_request, reply) => {
    const cards = exercises.map(viewCard)
    return reply.viewAsync('exercises', { title: 'Exercises', cards, ...ASSETS })
  })
  app.get<Asked>('/exercises/:name', async ({ params, query }, reply) => {
    const exercise = find(params.name)
    const [page, edited] = await Promise.all([
      viewExercise(exercise),
      tellEditedVersions(exercise.place.name),
    ])
    allowScript(reply, EDITOR_ASSETS.importMap)
    return reply.viewAsync('exercise', {
      ...page,
      title: `Exercise ${page.name}`,
      edited,
      editor: viewEditor(exercise),
      justKept: readKept(exercise, query.kept),
      ...EDITOR_ASSETS,
      styles: ['code', ...ASSETS.styles, 'editor'],
      scripts: [...ASSETS.scripts, 'editor'],
    })
  })
  app.get<Asked>('/exercises/:name/solution', async ({ params, query }, reply) => {
    const exercise = findCopy(params.name)
    const page = await viewExercise(exercise)
    return reply.viewAsync('exercise-solution', {
      ...page,
      title: `Exercise ${page.name}: the solution`,
      files: listDifferences(exercise.place),
      justKept: readKept(exercise, query.kept),
      ...ASSETS,
    })
  })

  app.register(editorRoutes, { find })
  // The parts of a page that are requested again after a change.
  app.get('/exercises/cards', async (_request, reply) => {
    return reply.viewAsync('exercise-cards', { cards: exercises.map(viewCard) })
  })
  app.get<Asked>('/exercises/:name/live', ({ params }, reply) => {
    return sendPart('live', find(params.name), reply)
  })
  app.get<Asked>('/exercises/:name/runs', ({ params }, reply) => {
    return sendPart('runs', find(params.name), reply)
  })

  // A page sends this regularly while it shows the copy.
  app.post<Asked>('/exercises/:name/attend', ({ params }, reply) => {
    find(params.name).checks.attend()
    return reply.code(204).send()
  })
  app.post<Asked>('/exercises/:name/begin', async ({ params }, reply) => {
    const exercise = find(params.name)
    const { kept } = await change(exercise, () => makeOrRenew(exercise.place))
    return goTo(reply, exercise, '', kept)
  })
  app.post<Asked>('/exercises/:name/check', (request, reply) => {
    const exercise = findCopy(request.params.name)
    exercise.checks.checkNow()
    return answer('live', exercise, request, reply)
  })
  app.post<Asked>('/exercises/:name/hint', (request, reply) => {
    const exercise = findCopy(request.params.name)
    const { version, folder } = exercise.place
    const wanted = read(request.body).step
    const step = found(
      readSteps(version).find(({ number }) => String(number) === wanted),
      'There is no such step in this exercise. Reload the page.',
    )
    inWords(() => countHint(folder, step.number, step.hints.length))
    workshop.events.publish('check')
    return answer('live', exercise, request, reply)
  })
  app.post<Asked>('/exercises/:name/solution', async ({ params, body }, reply) => {
    const exercise = findCopy(params.name)
    const { file } = read(body)
    const known = listDifferences(exercise.place).some(({ path }) => path === file)
    if (file !== undefined && !known) {
      throw new PageTrouble(
        404,
        "There is nothing to write: this file already matches the version, or doesn't exist.",
      )
    }
    const kept = await change(exercise, () => writeSolution(exercise.place, file))
    return goTo(reply, exercise, file === undefined ? '' : '/solution', kept)
  })
  app.post<Asked>('/exercises/:name/run', async (request, reply) => {
    const exercise = find(request.params.name)
    const version = found(
      exercise.runs.version,
      "Your copy can't run: server/main.ts is missing. Put it back, or start over.",
    )
    const { runner } = workshop
    const wantsMain = read(request.body).where === 'main'
    // Not awaited: the page shows that it is starting, and gets an event when it has started.
    if (wantsMain && runner.main !== undefined) runner.start(runner.main, version)
    else await runner.openBeside(version)
    return answer('runs', exercise, request, reply)
  })
  function find(name: string): Exercise {
    return foundByName(exercises, ({ place }) => place.name, name, 'exercise')
  }

  function findCopy(name: string): Exercise {
    const exercise = find(name)
    if (isThere(exercise.place)) return exercise
    throw new PageTrouble(404, `There is no playground/${name} yet. Start the exercise first.`)
  }
}

/** Parts of the page of an exercise, each a view: the ones that change with a check, and the ones that change with the programs. */
type Part = 'live' | 'runs'

async function sendPart(part: Part, exercise: Exercise, reply: FastifyReply) {
  return reply.viewAsync(`exercise-${part}`, { ...(await viewExercise(exercise)), isPart: true })
}

/** A form sent by htmx gets the changed part of the page. Any other gets the whole page. */
function answer(part: Part, exercise: Exercise, request: FastifyRequest, reply: FastifyReply) {
  return isForPart(request) ? sendPart(part, exercise, reply) : goTo(reply, exercise, '')
}

/** Changes the files of a copy while nothing checks or runs it. */
function change<T>({ checks, runs }: Exercise, act: () => T): Promise<T> {
  return runs.whileStopped(() => checks.change(() => inWords(act)))
}

/** @throws {PageTrouble} in place of a file system error */
function inWords<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    const message = tellFileTrouble(error)
    throw message === undefined ? error : new PageTrouble(409, message)
  }
}

function goTo(reply: FastifyReply, { place }: Exercise, below: string, kept?: string) {
  const query = kept === undefined ? '' : `?kept=${encodeURIComponent(kept)}`
  return reply.redirect(`/exercises/${place.name}${below}${query}`, 303)
}

/** The saved copy named in the address, if it exists. */
function readKept({ place }: Exercise, kept: string | undefined): string | undefined {
  return keptCopies(place).find((name) => name === kept)
}

function read(body: unknown): { step?: string; file?: string; where?: string } {
  return Object(body)
}
