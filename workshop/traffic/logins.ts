import { createHash } from 'node:crypto'
import { type Credential, Credentials } from './credentials.ts'
import { type Parts, partsOf } from './exchange-parts.ts'
import type { Login } from './login.ts'
import type { Entry, Exchange, Message, Note } from './message.ts'

/** The messages of one login, or of a client that acts for itself, and how they ended. */
export interface Logins {
  /** In the order of their first messages. */
  all: Login[]
  /** The login that a message belongs to, if any. */
  of(message: Message): Login | undefined
  /** What has neither been used nor ended. Time alone may have ended it. */
  credentials: Credential[]
}

/** Finds the messages that belong to one login, by the values in them, and how each login ended. */
export function findLogins(entries: readonly Entry[]): Logins {
  const reader = new Reader(entries)
  for (const entry of entries) {
    if (entry.kind === 'note') reader.readNote(entry)
    else if (entry.kind === 'request') reader.read(entry)
  }
  return {
    all: reader.logins.map(({ login }) => login),
    of: ({ exchange }) => reader.owners.get(exchange)?.login,
    credentials: reader.credentials.all,
  }
}

/** A login, and what is known of it while its messages are read. */
interface Known {
  login: Login
  /** What its authorization request repeats at each step. */
  key: string | undefined
  challenge: string | undefined
  /** The connections and server sessions of its browser. */
  browser: Set<string>
  /** Whether its authorization request has reached the server, and whether the server has answered it. */
  isOpened: boolean
  isAnswered: boolean
  /** When the server issued its code. */
  authorizedAt: number | undefined
  newestAccessToken: string | undefined
  isLoggedOut: boolean
  hasEnded: boolean
}

/** The longest name or error code to show. */
const LONGEST_NAME = 40
const WAITING = 'waiting for the user'

class Reader {
  readonly logins: Known[] = []
  readonly owners = new Map<Exchange, Known>()
  readonly credentials = new Credentials()
  /** When each response was sent. */
  readonly #answers = new Map<Exchange, number>()
  /** When each process got its last request. */
  readonly #lastRequests = new Map<string, number>()
  readonly #processes = new Set<string>()
  readonly #read: Parts[] = []
  /** Logins by what only they have: a code, a token, the address of a response, or a client's session. */
  readonly #byValue = new Map<string, Known>()
  /** Codes and refresh tokens that were used. */
  readonly #used = new Set<string>()
  /** The users of sessions at the server. */
  readonly #users = new Map<string, string>()

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) {
      if (entry.kind === 'answer') this.#answers.set(entry.exchange, entry.at)
      if (entry.kind === 'request') this.#lastRequests.set(processOf(entry.exchange), entry.at)
    }
  }

  read({ exchange, at, id, isChanged }: Message): void {
    const parts = partsOf(exchange, at, this.#answers.get(exchange) ?? Number.POSITIVE_INFINITY)
    const known = this.#loginOf(parts, id, isChanged) ?? this.#ownerOfCause(parts)
    if (known !== undefined) this.owners.set(exchange, known)
    this.#processes.add(processOf(exchange))
    this.#followSession(parts, known)
    this.#read.push(parts)
  }

  /** A note says that the programs were started or stopped, and all they knew was in memory. */
  readNote({ at }: Note): void {
    // They can respond before the note that they are running.
    const goesOn = [...this.#processes].some((name) => (this.#lastRequests.get(name) ?? 0) > at)
    if (goesOn) return
    for (const known of this.logins) {
      const isOver = known.hasEnded || known.login.tone === 'bad'
      if (!isOver) this.#end(known, 'ended when the programs stopped')
      known.hasEnded = true
    }
    const all = [this.credentials, this.#byValue, this.#used, this.#users, this.#processes]
    for (const values of all) values.clear()
  }

  #loginOf(parts: Parts, id: number, isChanged: boolean): Known | undefined {
    const { exchange, path, query, target } = parts
    if (path.startsWith('/api/')) return this.#readResource(parts, id)
    if (exchange.program !== 'server') {
      if (target?.path === '/authorize') return this.#startAtClient(parts, target.query, id)
      if (path === '/callback') return this.#readCallback(parts)
      const known = this.#byValue.get(`session ${parts.session}`)
      if (known !== undefined && path === '/logout') this.#logOut(known, parts)
      return known
    }
    if (path === '/token') return this.#readTokenRequest(parts, id)
    if (path === '/revoke') return this.#readRevocation(parts)
    if (path === '/introspect') return this.#readIntrospection(parts, id)
    if (['/authorize', '/consent', '/logout'].includes(path) && query.client_id !== undefined) {
      return this.#readAuthorization(parts, id, isChanged)
    }
    this.#readAccount(parts)
    return undefined
  }

  /** What a program asks while it works on a single request belongs to that request. */
  #ownerOfCause({ exchange, at }: Parts): Known | undefined {
    const [cause, ...others] = this.#read.filter((one) => {
      return one.exchange.program === exchange.from && one.answeredAt > at
    })
    return cause === undefined || others.length > 0 ? undefined : this.owners.get(cause.exchange)
  }

  #begin({ at }: Parts, id: number, client: string | undefined, fate: string): Known {
    const known: Known = {
      login: {
        id,
        at,
        user: undefined,
        client: shorten(client),
        isForItself: false,
        fate,
        tone: undefined,
      },
      key: undefined,
      challenge: undefined,
      browser: new Set(),
      isOpened: false,
      isAnswered: false,
      authorizedAt: undefined,
      newestAccessToken: undefined,
      isLoggedOut: false,
      hasEnded: false,
    }
    this.logins.push(known)
    return known
  }

  #beginLogin(parts: Parts, query: Parts['query'], id: number): Known {
    const known = this.#begin(parts, id, query.client_id, WAITING)
    known.key = keyOf(query)
    known.challenge = query.code_challenge
    return known
  }

  /** For values that work, but whose origin isn't among these messages. */
  #beginUnknown(parts: Parts, id: number): Known | undefined {
    const { status = 0, json, form, bearer } = parts
    if (status < 200 || status >= 300) return undefined
    const client = typeof json.client_id === 'string' ? json.client_id : parts.client
    const known = this.#begin(parts, id, client, 'started before these messages')
    const value = bearer ?? form.token
    if (value !== undefined) this.#issue(known, { kind: 'access token', value, since: undefined })
    this.#takeTokens(parts, known, 'logged in before these messages')
    if (typeof json.sub === 'string' && json.sub !== client) known.login.user = json.sub
    return known
  }

  #startAtClient(parts: Parts, query: Parts['query'], id: number): Known {
    const pending = this.#byValue.get(`login in ${parts.session}`)
    if (pending !== undefined && !pending.isAnswered && !pending.hasEnded) {
      this.#end(pending, 'abandoned for another login in the same browser')
    }
    const known = this.#beginLogin(parts, query, id)
    const session = parts.newSession || parts.session
    if (session === undefined) return known
    this.#byValue.set(`login in ${session}`, known)
    // Until this one succeeds, the session stays with the login before.
    const before = this.#byValue.get(`session ${session}`)
    if (before === undefined || !before.isAnswered || before.hasEnded) {
      this.#byValue.set(`session ${session}`, known)
    }
    return known
  }

  /** RFC 6749 section 4.1.1 */
  #readAuthorization(parts: Parts, id: number, isChanged: boolean): Known {
    const { exchange, query, session, newSession } = parts
    const browser = [exchange.peer, ...(session ? [`session ${session}`] : [])]
    const isMine = (known: Known) => browser.some((name) => known.browser.has(name))
    const same = this.logins.filter(({ key }) => key === keyOf(query)).reverse()
    const open = same.filter(({ isAnswered, hasEnded }) => !isAnswered && !hasEnded)
    const mine = open.find(isMine) ?? open[0]
    // A browser follows a redirect at once, so of several equal requests this is the newest.
    const next =
      exchange.request.method === 'POST'
        ? (mine ?? same.find((known) => isMine(known) && !known.hasEnded))
        : (open.find(({ isOpened }) => !isOpened) ?? mine)
    // Once a person has changed it, it isn't the one in the client's redirect anymore.
    const started =
      isChanged && this.logins.findLast(({ key, isOpened }) => key !== undefined && !isOpened)
    const known = next ?? (started || this.#beginLogin(parts, query, id))
    known.key = keyOf(query)
    known.isOpened = true
    for (const name of browser) known.browser.add(name)
    if (newSession) known.browser.add(`session ${newSession}`)
    this.#readUser(parts, known)
    this.#readAuthorizationResponse(parts, known)
    return known
  }

  #readUser({ path, form, status, session, newSession }: Parts, { login }: Known): void {
    const isLogin = path === '/authorize' && form.username !== undefined && status === 303
    if (isLogin) login.user = shorten(form.username)
    if (isLogin && newSession) this.#users.set(newSession, form.username ?? '')
    login.user ??= shorten(this.#users.get(session ?? ''))
  }

  /** RFC 6749 sections 4.1.2 and 4.1.2.1 */
  #readAuthorizationResponse(parts: Parts, known: Known): void {
    const { target, status, answeredAt, path } = parts
    const { code, error } = target?.query ?? {}
    if (target !== undefined && (code ?? error) !== undefined) {
      known.isAnswered = true
      this.#byValue.set(target.pathAndQuery, known)
    }
    if (code !== undefined) {
      known.authorizedAt = answeredAt
      this.#issue(known, { kind: 'code', value: code, since: answeredAt })
      tell(known, "the client hasn't used its code")
    } else if (error === 'access_denied') tell(known, 'the user said no (access_denied)', 'bad')
    else if (error !== undefined) {
      tell(known, `the server rejected the request (${shorten(error)})`, 'bad')
    }
    if (status === undefined || known.isAnswered) return
    if (status === 401) tell(known, 'wrong password so far')
    else if (status < 400) tell(known, WAITING)
    else {
      const what = path === '/consent' ? 'consent' : 'request'
      tell(known, `the server rejected the ${what}${reasonOf(parts)}`, 'bad')
    }
  }

  /** The redirect URI. */
  #readCallback(parts: Parts): Known | undefined {
    const { exchange, query, status = 0 } = parts
    const known =
      this.#byValue.get(exchange.request.url) ??
      this.#byValue.get(`code ${query.code}`) ??
      this.logins.findLast(({ key, hasEnded }) => {
        return query.state !== undefined && key === keyOf(query) && !hasEnded
      })
    const isNews = query.code !== undefined && !this.#used.has(`code ${query.code}`)
    if (known !== undefined && isNews && status >= 400) {
      tell(known, `the client rejected the response${reasonOf(parts)}`, 'bad')
    }
    return known
  }

  /** RFC 6749 sections 4.1.3, 4.4.2 and 6 */
  #readTokenRequest(parts: Parts, id: number): Known | undefined {
    const { form, status = 0, json } = parts
    if (form.grant_type === 'client_credentials') {
      const known = this.#begin(parts, id, parts.client, 'asks for a token')
      known.login.isForItself = true
      this.#takeTokens(parts, known, 'got a token')
      if (status >= 400) tell(known, refusalIn(json), 'bad')
      return known
    }
    const isRefresh = form.grant_type === 'refresh_token'
    const kind = isRefresh ? 'refresh token' : 'code'
    const value = isRefresh ? form.refresh_token : form.code
    const known = this.#byValue.get(`${kind} ${value}`) ?? this.#byVerifier(form)
    if (known === undefined) return this.#beginUnknown(parts, id)
    if (status >= 400) this.#readTokenError(parts, known, kind, value)
    else if (status > 0) {
      this.#use(kind, value)
      this.#takeTokens(parts, known, 'logged in')
    }
    return known
  }

  #readTokenError(
    { json, client }: Parts,
    known: Known,
    kind: Credential['kind'],
    value: string | undefined,
  ): void {
    const isReplay = this.#used.has(`${kind} ${value}`)
    // The server says whether a second use ends the login. Before v05 it doesn't.
    const { error_description: why } = json
    if (isReplay && typeof why === 'string' && /revoked|ended/.test(why)) {
      this.#end(known, `ended, because its ${kind} was used twice`, 'bad')
    }
    const isOwn = shorten(client) === known.login.client
    if (isReplay || known.hasEnded || !isOwn) return
    tell(known, refusalIn(json), 'bad')
    if (json.error !== 'invalid_grant') return
    this.#use(kind, value)
    if (kind === 'refresh token') this.#end(known, `ended, because ${refusalIn(json)}`, 'bad')
  }

  /** RFC 7636 section 4.6 */
  #byVerifier({ code_verifier }: Parts['form']): Known | undefined {
    if (code_verifier === undefined) return undefined
    const challenge = createHash('sha256').update(code_verifier).digest('base64url')
    return this.logins.findLast((known) => known.challenge === challenge && !known.hasEnded)
  }

  #takeTokens({ json, answeredAt }: Parts, known: Known, fate: string): void {
    const { access_token, refresh_token, expires_in } = json
    if (typeof access_token !== 'string') return
    const lifetime = typeof expires_in === 'number' ? expires_in : undefined
    this.#issue(known, { kind: 'access token', value: access_token, since: answeredAt, lifetime })
    if (typeof refresh_token === 'string') {
      const since = known.authorizedAt
      this.#issue(known, { kind: 'refresh token', value: refresh_token, since })
    }
    if (!known.isLoggedOut) tell(known, fate, 'good')
  }

  /** RFC 6750 section 2.1 */
  #readResource(parts: Parts, id: number): Known | undefined {
    const { bearer, status, json } = parts
    if (bearer === undefined) return undefined
    const known = this.#byValue.get(`access token ${bearer}`) ?? this.#beginUnknown(parts, id)
    if (status === 200 && typeof json.user_id === 'string' && known !== undefined) {
      known.login.user ??= shorten(json.user_id)
    }
    if (status !== 401 || known === undefined) return known
    this.credentials.delete('access token', bearer)
    const isInUse = known.newestAccessToken === bearer && !known.hasEnded && !known.isLoggedOut
    if (isInUse) tell(known, 'the API rejects its access token', 'bad')
    return known
  }

  /** RFC 7662 section 2.1 */
  #readIntrospection(parts: Parts, id: number): Known | undefined {
    const { form, json } = parts
    const known = this.#byValue.get(`access token ${form.token}`)
    if (known !== undefined || json.active !== true) return known
    return this.#beginUnknown(parts, id)
  }

  /** RFC 7009 section 2.1 */
  #readRevocation({ form, status }: Parts): Known | undefined {
    const isRefresh = this.#byValue.has(`refresh token ${form.token}`)
    const kind = isRefresh ? 'refresh token' : 'access token'
    const known = this.#byValue.get(`${kind} ${form.token}`)
    if (known === undefined || status !== 200 || known.hasEnded) return known
    const own = this.credentials.of(known.login)
    const isAll = isRefresh || own.every(({ value }) => value === form.token)
    const fate = known.isLoggedOut
      ? 'logged out, and its tokens are revoked'
      : 'ended, and its tokens are revoked'
    if (isAll) this.#end(known, fate)
    else for (const one of own) if (one.value === form.token) this.credentials.revoke(one)
    return known
  }

  /** The pages of users at the server. They belong to no login, but can end some. */
  #readAccount({ path, form, status, session, newSession }: Parts): void {
    if (status !== 303) return
    if (path === '/account' && newSession) this.#users.set(newSession, form.username ?? '')
    const user = this.#users.get(session ?? '')
    if (path !== '/account/disconnect' || user === undefined) return
    for (const known of this.logins) {
      const { login } = known
      const isMeant = login.user === shorten(user) && login.client === shorten(form.client_id)
      const isAlive = this.credentials.of(login).length > 0
      if (isMeant && isAlive) this.#end(known, 'ended, because the user disconnected the app')
    }
  }

  #logOut(known: Known, { status = 500 }: Parts): void {
    if (status >= 400 || known.hasEnded) return
    known.isLoggedOut = true
    const isAlive = this.credentials.of(known.login).length > 0
    tell(known, isAlive ? 'logged out, but its tokens may still work' : 'logged out')
  }

  #followSession(parts: Parts, known: Known | undefined): void {
    const { exchange, session, newSession, at, answeredAt, status = 0, path } = parts
    const isServer = exchange.program === 'server'
    if (path === '/callback' && status < 400 && !isServer && known !== undefined) {
      this.#byValue.set(`session ${newSession || session}`, known)
    }
    const before = this.credentials.get('session', session)
    if (before !== undefined) before.since = at
    if (newSession === undefined) return
    if (newSession !== session) this.credentials.delete('session', session)
    if (newSession === '') return
    const login = isServer ? undefined : known?.login
    this.credentials.add({ kind: 'session', value: newSession, login, since: answeredAt })
  }

  #issue(known: Known, credential: Omit<Credential, 'login'>): void {
    const { kind, value } = credential
    this.#byValue.set(`${kind} ${value}`, known)
    this.credentials.add({ ...credential, login: known.login })
    if (kind === 'access token') known.newestAccessToken = value
  }

  #use(kind: Credential['kind'], value: string | undefined): void {
    this.#used.add(`${kind} ${value}`)
    this.credentials.delete(kind, value)
  }

  #end(known: Known, fate: string, tone?: Login['tone']): void {
    known.hasEnded = true
    tell(known, fate, tone)
    for (const credential of this.credentials.of(known.login)) this.credentials.revoke(credential)
  }
}

function processOf({ key }: Exchange): string {
  return key.split(' ', 1)[0] ?? ''
}

function tell({ login }: Known, fate: string, tone?: Login['tone']): void {
  login.fate = fate
  login.tone = tone
}

/** A copy's error may be anything, such as an object that no text can be made of. */
function refusalIn({ error }: Parts['json']): string {
  const name = typeof error === 'string' ? shorten(error) : 'no error code'
  return `the server rejected the token request (${name})`
}

/** The title of an error page. */
function reasonOf({ exchange }: Parts): string {
  const [, title = ''] = /<h1[^>]{0,200}>([^<]{0,200})/.exec(exchange.answer?.body.text ?? '') ?? []
  return title.trim() === '' ? '' : ` (${shorten(title.trim())})`
}

/** What all steps of an authorization request repeat. In v01 it is the same for several logins. */
function keyOf({ state, ...query }: Parts['query']): string {
  return state === undefined ? new URLSearchParams(query).toString() : `state ${state}`
}

function shorten(text: string): string
function shorten(text: string | undefined): string | undefined
function shorten(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= LONGEST_NAME) return text
  return `${text.slice(0, LONGEST_NAME)}...`
}
