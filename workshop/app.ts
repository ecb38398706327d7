import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import formbody from '@fastify/formbody'
import fastifyStatic from '@fastify/static'
import view from '@fastify/view'
import { PLAYGROUND } from '@oauth-lab/course/exercises/playground.ts'
import { ToldError } from '@oauth-lab/course/told-error.ts'
import { Eta } from 'eta'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { Events, eventRoute } from './events.ts'
import { Jobs } from './jobs/jobs.ts'
import { isLedFromElsewhere, keepToThisMachine } from './local-requests.ts'
import { attackPages } from './pages/attack-pages.ts'
import { codePages } from './pages/code-pages.ts'
import { decoderPage } from './pages/decoder-page.ts'
import { differencePages } from './pages/difference-pages.ts'
import { exercisePages } from './pages/exercise-pages.ts'
import { heldPages } from './pages/held-pages.ts'
import { homePage } from './pages/home-page.ts'
import { lessonPages } from './pages/lesson-pages.ts'
import { preparedPages } from './pages/prepared-pages.ts'
import { presentPages } from './pages/present-pages.ts'
import { referencePages } from './pages/reference-pages.ts'
import { requestPages } from './pages/request-pages.ts'
import { runPages } from './pages/run-pages.ts'
import { searchPage } from './pages/search-page.ts'
import { trafficPages } from './pages/traffic-pages.ts'
import { Progress } from './progress.ts'
import { Beside } from './requests/beside.ts'
import type { Runner } from './runner.ts'
import { Traffic } from './traffic/traffic.ts'
import type { Workshop } from './workshop.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** What @fastify/view adds to the data of each page. */
    locals?: Record<string, unknown>
  }
}

/** The settings of the app. */
export interface AppOptions {
  runner: Runner
  /** Its address. It responds under no other. */
  port: number
  /** The folder of the learner's copies. Defaults to the one in the repo. */
  playground?: string
}

/** The navigation: the start of an area's addresses, and the page it opens at if that is another one. */
const AREAS = [
  { text: 'Lessons', path: '/lessons', href: '/#lessons' },
  { text: 'Difference', path: '/difference' },
  { text: 'Traffic', path: '/traffic' },
  { text: 'Attacks', path: '/attacks' },
  { text: 'Exercises', path: '/exercises' },
  { text: 'Reference', path: '/reference' },
  { text: 'Run', path: '/run' },
]

const VIEWS = join(import.meta.dirname, 'views')
const resolve = createRequire(import.meta.url).resolve
const SHARED = dirname(resolve('@oauth-lab/shared/base.css'))

/** Files of packages that pages load, below /vendor. */
const VENDOR_FOLDERS = {
  '/vendor/htmx/': dirname(resolve('htmx.org/dist/htmx.min.js')),
  '/vendor/htmx-sse/': dirname(resolve('htmx-ext-sse/dist/sse.min.js')),
  '/vendor/mermaid/': join(dirname(resolve('mermaid/package.json')), 'dist'),
}

/** The app for teachers and learners: lessons, what runs, its traffic, and the learner's copies. */
export function buildWorkshop({
  runner,
  port,
  playground = PLAYGROUND,
}: AppOptions): FastifyInstance {
  const app = Fastify({
    forceCloseConnections: true,
    // Handles an address that can't be decoded.
    frameworkErrors: (_error, _request, reply) => refuseAddress(reply),
  })
  const eta = new Eta({ views: VIEWS, cache: true, useWith: false })
  const events = new Events()
  runner.on('change', () => events.publish('status'))
  runner.on('line', () => events.publish('log'))

  keepToThisMachine(app, port)
  // Only the editor of an exercise sends JSON. In a form, each value is a text.
  app.removeContentTypeParser('application/json')
  app.register(formbody)
  app.register(view, { engine: { eta }, root: VIEWS, production: true })
  app.register(fastifyStatic, { root: join(import.meta.dirname, 'public'), prefix: '/assets/' })
  app.get('/assets/base.css', (_request, reply) => reply.sendFile('base.css', SHARED))
  for (const [prefix, root] of Object.entries(VENDOR_FOLDERS)) {
    app.register(fastifyStatic, { root, prefix, decorateReply: false })
  }
  // Data of the layout, which every page shows, also the one that says why a body can't be read.
  app.addHook('onRequest', async (request, reply) => {
    const path = request.url.split('?', 1)[0]
    reply.locals = {
      path,
      areas: AREAS,
      main: runner.main,
      held: workshop.traffic.held,
      // If so, nothing may start by itself.
      isLedFromElsewhere: isLedFromElsewhere(request),
    }
  })
  app.setNotFoundHandler((_request, reply) => {
    const message = 'There is no page at this address. Choose one from the navigation.'
    return reply.code(404).viewAsync('error', { title: 'Not found', message })
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? (error instanceof ToldError ? 409 : 500)
    // A bug in this app, not in the request: the person who runs it must see it.
    if (status >= 500) console.error(error)
    const title = status >= 500 ? 'Something broke' : "That doesn't work"
    return reply.code(status).viewAsync('error', { title, message: error.message })
  })

  const workshop: Workshop = {
    runner,
    beside: new Beside(runner),
    events,
    playground,
    progress: new Progress(playground),
    traffic: new Traffic(runner, events, `http://localhost:${port}/traffic`),
    jobs: new Jobs(),
  }
  app.addHook('onClose', async () => workshop.jobs.close())
  app.register(eventRoute, workshop)
  app.register(homePage, workshop)
  app.register(lessonPages, workshop)
  app.register(preparedPages, workshop)
  app.register(differencePages, workshop)
  app.register(attackPages, workshop)
  app.register(codePages, workshop)
  app.register(referencePages, workshop)
  app.register(decoderPage, workshop)
  app.register(searchPage, workshop)
  app.register(runPages, workshop)
  app.register(presentPages, workshop)
  app.register(trafficPages, workshop)
  app.register(requestPages, workshop)
  app.register(heldPages, workshop)
  app.register(exercisePages, workshop)
  return app
}

function refuseAddress(reply: FastifyReply): void {
  reply
    .code(400)
    .type('text/plain; charset=utf-8')
    .send('This address is malformed. Check it for typing errors.\n')
}
