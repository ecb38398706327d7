import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import type { FastifyInstance, FastifyRequest, Session } from 'fastify'
import { type LabConfig, portOf } from './config.ts'
import { ExpiringMap } from './expiring-map.ts'
import { randomToken } from './secrets.ts'

/** The most sessions to keep, of each of SessionStore's two kinds. */
const MAX_SESSIONS = 100_000
/** No request takes longer than this, in seconds. */
const LONGEST_REQUEST = 60

/**
 * Gives every request of a program a session, kept in memory and found by a cookie. A browser gets
 * its cookie when the first value is stored in its session.
 *
 * @param origin the program's address in the browser
 * @param isLasting whether a flood of short visits must not push out this session
 */
export function registerSessions(
  app: FastifyInstance,
  config: LabConfig,
  origin: string,
  isLasting: (session: Session) => boolean = () => false,
): void {
  const secure = origin.startsWith('https:')
  // Cookies ignore ports, so each program on this machine needs its own cookie name. RFC 6265bis
  // section 4.1.3: no other host can set a cookie with this prefix.
  const cookieName = `${secure ? '__Host-' : ''}oauth_lab_${portOf(origin)}`
  const cookieOptions = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const
  app.register(cookie)
  // Over https a proxy in front of this program ends TLS, and the program itself sees plain http.
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
    } else if (store.hasEnded(request.session.sessionId)) {
      // Saves and reloads it, so @fastify/session finds nothing to save and sets no cookie: the
      // browser may have the cookie of a newer session.
      await request.session.save()
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
      if (store.isStored(request.session.sessionId)) returning.add(request)
      store.noteFound(request.session)
      done()
    })
  })
}

/**
 * Whether another request has ended the session of this one since it arrived, by a login (`regenerate`)
 * or a logout (`destroy`).
 */
export function sessionHasEnded({ session, sessionStore }: FastifyRequest): boolean {
  return (sessionStore as SessionStore).hasEndedSince(session)
}

type Fields = Record<string, unknown>
type FoundSession = FastifyRequest['session']

/** The rest of a session that ended. */
interface EndedSession {
  /** Empty at first. A browser that never got the cookie of the next session continues with this one. */
  fields: Fields
  /** Changes each time it ends. */
  end: symbol
}

/**
 * Keeps sessions in memory. A request stores only the fields it changed: requests of one session can
 * overlap, and the last to finish doesn't know what the others stored. Values are kept as objects,
 * not as text, so all requests of a session share them.
 */
class SessionStore implements NonNullable<FastifySessionOptions['store']> {
  readonly #ttl: number
  readonly #isLasting: (session: Session) => boolean
  readonly #passing = new ExpiringMap<Session>(MAX_SESSIONS)
  readonly #lasting = new ExpiringMap<Session>(MAX_SESSIONS)
  readonly #ended = new ExpiringMap<EndedSession>(MAX_SESSIONS)
  /** What each request found in its session, and whether that had ended before. */
  readonly #found = new WeakMap<Session, { fields: Fields; end: symbol | undefined }>()

  constructor(ttl: number, isLasting: (session: Session) => boolean) {
    this.#ttl = ttl
    this.#isLasting = isLasting
  }

  get(id: string, done: (error: null, session: Session | null) => void): void {
    const stored = this.#find(id)
    if (stored !== undefined) this.#keep(id, stored)
    done(null, stored ?? (this.#ended.get(id)?.fields as unknown as Session) ?? null)
  }

  set(id: string, session: FoundSession, done: () => void): void {
    if (!this.hasEndedSince(session)) {
      const before = this.#found.get(session)?.fields ?? {}
      const after = fieldsOf(session)
      const ended = this.#ended.get(id)
      const stored = fieldsOf(ended?.fields ?? this.#find(id) ?? {})
      for (const name of Object.keys({ ...before, ...after })) {
        if (before[name] !== after[name]) stored[name] = after[name]
      }
      if (ended === undefined) this.#keep(id, stored as unknown as Session)
      else this.#ended.set(id, { ...ended, fields: stored }, this.#ttl)
      this.noteFound(session)
    }
    done()
  }

  /** Remembers what a request found, to see later what it changed. */
  noteFound(session: FoundSession): void {
    const end = this.#ended.get(session.sessionId)?.end
    this.#found.set(session, { fields: fieldsOf(session), end })
  }

  destroy(id: string, done: () => void): void {
    if (this.isStored(id) || this.hasEnded(id)) {
      this.#ended.set(id, { fields: {}, end: Symbol() }, LONGEST_REQUEST)
    }
    this.#lasting.delete(id)
    this.#passing.delete(id)
    done()
  }

  isStored(id: string): boolean {
    return this.#find(id) !== undefined
  }

  /** Whether it ended so recently that requests with its id may still be running. */
  hasEnded(id: string): boolean {
    return this.#ended.get(id) !== undefined
  }

  /** Whether it ended after this request arrived. */
  hasEndedSince(session: FoundSession): boolean {
    const found = this.#found.get(session)
    return found !== undefined && this.#ended.get(session.sessionId)?.end !== found.end
  }

  #find(id: string): Session | undefined {
    return this.#lasting.get(id) ?? this.#passing.get(id)
  }

  /** Stores it with a full lifetime. */
  #keep(id: string, session: Session): void {
    const [home, other] = this.#isLasting(session)
      ? [this.#lasting, this.#passing]
      : [this.#passing, this.#lasting]
    other.delete(id)
    home.set(id, session, this.#ttl)
  }
}

/**
 * Only the fields: the object itself also holds its request, with the socket. All cookies have the same
 * options, which @fastify/session knows.
 */
function fieldsOf(session: object): Fields {
  return Object.fromEntries(Object.entries(session).filter(([name]) => name !== 'cookie'))
}
