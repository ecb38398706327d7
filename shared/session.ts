import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import type { FastifyInstance, FastifyRequest, Session } from 'fastify'
import { type LabConfig, portOf } from './config.ts'
import { ExpiringMap } from './expiring-map.ts'
import { randomToken } from './secrets.ts'

/** How many sessions are kept, of each of the two kinds that SessionStore tells apart. */
const MAX_SESSIONS = 100_000
/** No request takes longer than this, in seconds. */
const LONGEST_REQUEST = 30

/**
 * Gives every request of a program a session, kept in memory and found by a cookie. A browser gets
 * its cookie with the first thing that is written into its session.
 *
 * @param origin where browsers see the program
 * @param isLasting tells the sessions that a flood of short visits must not push out
 */
export function registerSessions(
  app: FastifyInstance,
  config: LabConfig,
  origin: string,
  isLasting: (session: Session) => boolean = () => false,
): void {
  const secure = origin.startsWith('https:')
  // Cookies ignore ports, so each program on this machine needs a cookie name of its own. RFC 6265bis
  // section 4.1.3: no other host can set a cookie with this prefix.
  const cookieName = `${secure ? '__Host-' : ''}oauth_lab_${portOf(origin)}`
  const cookieOptions = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const
  app.register(cookie)
  // Over https something in front of this program ends TLS, and the program itself sees plain http.
  // @fastify/session sends a Secure cookie only if the request claims to be encrypted.
  if (secure) {
    app.addHook('onRequest', async (request) => {
      Object.defineProperty(request, 'protocol', { value: 'https' })
    })
  }
  const store = new SessionStore(config.sessionTtl, isLasting)
  const returning = new WeakSet<FastifyRequest>()
  app.addHook('onSend', async (request, reply) => {
    if (request.session === null) {
      // destroy() leaves the cookie in the browser. A request that didn't bring it must not clear it:
      // browsers leave it out when another site posts a form here.
      if (returning.has(request)) reply.clearCookie(cookieName, cookieOptions)
    } else if (sessionHasEnded(request)) {
      // Drops what this request wrote, so that @fastify/session neither stores it nor sets a cookie.
      await request.session.reload()
    }
  })
  app.register(session, {
    cookieName,
    secret: config.sessionSecret,
    cookie: cookieOptions,
    idGenerator: randomToken,
    store,
    saveUninitialized: false,
    // Only a request that changed its session stores it. The store counts the lifetime.
    rolling: false,
  })
  app.after(() => {
    // Not async: of two requests that arrive together, the second must find what the first stored.
    app.addHook('onRequest', (request, _reply, done) => {
      if (store.has(request.session.sessionId)) returning.add(request)
      store.noteLoaded(request.session)
      done()
    })
  })
}

/**
 * Whether the session that a request came with has ended, by a login (`regenerate`) or a logout
 * (`destroy`) in another request. Such a request counts as not logged in and touches no cookie.
 */
export function sessionHasEnded(request: FastifyRequest): boolean {
  return (request.sessionStore as SessionStore).hasEnded(request.session.sessionId)
}

type Fields = Record<string, unknown>

/**
 * Keeps sessions in memory. A request stores only the fields it changed: requests of one session can
 * overlap, and the last to finish doesn't know what the others stored. Values are kept as they are,
 * not as text, so all requests of a session share the objects in it.
 */
class SessionStore implements NonNullable<FastifySessionOptions['store']> {
  readonly #ttl: number
  readonly #isLasting: (session: Session) => boolean
  readonly #passing = new ExpiringMap<Session>(MAX_SESSIONS)
  readonly #lasting = new ExpiringMap<Session>(MAX_SESSIONS)
  readonly #ended = new ExpiringMap<object>(MAX_SESSIONS)
  /** What each request found in its session. */
  readonly #loaded = new WeakMap<Session, Fields>()

  constructor(ttl: number, isLasting: (session: Session) => boolean) {
    this.#ttl = ttl
    this.#isLasting = isLasting
  }

  get(id: string, done: (error: null, session: Session | null) => void): void {
    if (this.hasEnded(id)) {
      // Empty, but not missing: for a missing one @fastify/session clears the cookie.
      done(null, {} as Session)
      return
    }
    const stored = this.#find(id)
    if (stored !== undefined) this.#keep(id, stored)
    done(null, stored ?? null)
  }

  set(id: string, session: Session, done: () => void): void {
    if (this.hasEnded(id)) {
      done()
      return
    }
    const before = this.#loaded.get(session) ?? {}
    const after = fieldsOf(session)
    const stored = fieldsOf(this.#find(id) ?? {})
    for (const name of Object.keys({ ...before, ...after })) {
      if (before[name] !== after[name]) stored[name] = after[name]
    }
    this.#keep(id, stored as unknown as Session)
    this.#loaded.set(session, after)
    done()
  }

  /** Remembers what a request found, to see later what it changed. */
  noteLoaded(session: Session): void {
    this.#loaded.set(session, fieldsOf(session))
  }

  destroy(id: string, done: () => void): void {
    if (this.has(id)) this.#ended.set(id, {}, LONGEST_REQUEST)
    this.#lasting.delete(id)
    this.#passing.delete(id)
    done()
  }

  has(id: string): boolean {
    return this.#find(id) !== undefined
  }

  /** Whether it ended so recently that requests with its id may still be under way. */
  hasEnded(id: string): boolean {
    return this.#ended.get(id) !== undefined
  }

  #find(id: string): Session | undefined {
    return this.#lasting.get(id) ?? this.#passing.get(id)
  }

  /** Stores it with its whole lifetime before it. */
  #keep(id: string, session: Session): void {
    const [home, other] = this.#isLasting(session)
      ? [this.#lasting, this.#passing]
      : [this.#passing, this.#lasting]
    other.delete(id)
    home.set(id, session, this.#ttl)
  }
}

/** The fields alone: the object itself holds the request that it came with, socket and all. */
function fieldsOf(session: object): Fields {
  return Object.fromEntries(Object.entries(session))
}
