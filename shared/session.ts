import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import type { FastifyInstance, Session } from 'fastify'
import { type LabConfig, portOf } from './config.ts'
import { ExpiringMap } from './expiring-map.ts'
import { randomToken } from './secrets.ts'

/** How many sessions are kept, of each of the two kinds that SessionStore tells apart. */
const MAX_SESSIONS = 100_000
/** No request takes longer than this, in seconds. */
const LONGEST_REQUEST = 60

/**
 * Gives every request of the client a session, kept in memory and found by a cookie. A browser gets
 * its cookie with the first thing that is written into its session.
 *
 * @param isLasting tells the sessions that a flood of short visits must not push out
 */
export function registerSessions(
  app: FastifyInstance,
  config: LabConfig,
  isLasting: (session: Session) => boolean = () => false,
): void {
  const secure = config.clientUrl.startsWith('https:')
  app.register(cookie)
  // Over https the client stands behind something that ends TLS, and sees plain http itself; but
  // @fastify/session sends a Secure cookie only on a connection that it takes for an encrypted one.
  if (secure) {
    app.addHook('onRequest', async (request) => {
      Object.defineProperty(request, 'protocol', { value: 'https' })
    })
  }
  const store = new SessionStore(config.sessionTtl, isLasting)
  app.addHook('onSend', async (request) => {
    // What another request has ended meanwhile stays ended: this one must not bring it back.
    if (request.session && store.hasEnded(request.session.sessionId))
      request.session = null as never
  })
  app.register(session, {
    // Cookies don't know ports: each pair on this machine needs a name of its own.
    cookieName: `oauth_lab_${portOf(config.clientUrl)}`,
    secret: config.sessionSecret,
    cookie: { httpOnly: true, sameSite: 'lax', secure, path: '/' },
    idGenerator: randomToken,
    store,
    saveUninitialized: false,
    // Only a request that changed its session stores it. The store counts the lifetime.
    rolling: false,
  })
  app.after(() => {
    // No promise: of two requests that came together, the second is to find what the first stored.
    app.addHook('onRequest', (request, _reply, done) => {
      store.noteLoaded(request.session)
      done()
    })
  })
}

type Fields = Record<string, unknown>

/**
 * The sessions in memory. A request stores the fields that it changed, and leaves the others as they
 * are: requests of one session may overlap, and the last to end knows nothing of what the others
 * stored meanwhile. Values are kept as they are, not as text: an object that is put into a
 * session is the same one for all requests of that session, those under way included.
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
    const stored = this.#find(id)
    if (stored !== undefined) this.#keep(id, stored)
    done(null, stored ?? null)
  }

  set(id: string, session: Session, done: () => void): void {
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

  /** Remembers what a request found, to know later what it changed. */
  noteLoaded(session: Session): void {
    this.#loaded.set(session, fieldsOf(session))
  }

  destroy(id: string, done: () => void): void {
    this.#lasting.delete(id)
    this.#passing.delete(id)
    this.#ended.set(id, {}, LONGEST_REQUEST)
    done()
  }

  /** Whether it was ended so short a time ago that requests which found it may still be under way. */
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
