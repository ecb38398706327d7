import { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'

/**
 * The topics of events. An event only says that something is new, and the page then requests its content.
 * So nothing is lost while a connection is closed.
 */
export type Topic = 'status' | 'log' | 'traffic' | 'check'

/** How long events of one topic are merged into one, in milliseconds. */
const GATHER = 40
/** How often a silent connection gets a sign of life, in milliseconds. */
const HEARTBEAT = 15_000

/** Tells open pages that something is new. */
export class Events extends EventEmitter<{ news: [Topic] }> {
  publish(topic: Topic): void {
    this.emit('news', topic)
  }
}

/** `GET /events`: server-sent events, each with its topic as its text. */
export function eventRoute(app: FastifyInstance, { events }: { events: Events }): void {
  // A HEAD request would never end.
  app.get('/events', { exposeHeadRoute: false }, (request, reply) => {
    reply.hijack()
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream' }
    reply.raw.writeHead(200, headers as Record<string, string>)
    // After a restart of this app, a page should be up to date soon.
    reply.raw.write('retry: 500\n\n')

    const waiting = new Set<Topic>()
    const gather = (topic: Topic) => {
      if (waiting.size === 0) setTimeout(flush, GATHER)
      waiting.add(topic)
    }
    events.setMaxListeners(0).on('news', gather)
    const heartbeat = setInterval(() => reply.raw.write(': still here\n\n'), HEARTBEAT)
    request.raw.once('close', () => {
      clearInterval(heartbeat)
      events.off('news', gather)
    })

    function flush(): void {
      for (const topic of waiting) reply.raw.write(`data: ${topic}\n\n`)
      waiting.clear()
    }
  })
}
