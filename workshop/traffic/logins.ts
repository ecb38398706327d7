import { createHash } from 'node:crypto'
import { type Parts, partsOf } from './exchange-parts.ts'
import { type Credential, Login } from './login.ts'
import type { Entry, Exchange, Message, Note } from './message.ts'

export type Logins = ReturnType<typeof findLogins>

/** Finds the messages that belong to one login, by the values in them, and how each login ended. */
export function findLogins(entries: readonly Entry[]) {
  const reader = new Reader(entries)
  for (const entry of entries) {
    if (entry.kind === 'note') reader.readNote(entry)
    else if (entry.kind === 'request') reader.read(entry)
  }
  return {
    /** In the order of their first messages. */
    all: reader.logins,
    of: ({ exchange }: Message) => reader.owners.get(exchange),
    /** Those that no message has used or revoked. Some may have expired. */
    credentials: [...reader.credentials.values()],
  }
}

/** The longest name or error code to show. */
const LONGEST_NAME = 40
const WAITING = 'waiting for the user'

class Reader {
  readonly logins: Login[] = []
  readonly owners = new Map<Exchange, Login>()
  /** What was issued, by its kind and its value. */
  readonly credentials = new Map<string, Credential>()
  /** When each response was sent. */
  readonly #answers = new Map<Exchange, number>()
  /** When each process got its last request. */
  readonly #lastRequests = new Map<string, number>()
  readonly #processes = new Set<string>()
  readonly #read: Parts[] = []
  /** Logins by what only they have: a code, a token, the address of a response, or a client's session. */
  readonly #byValue = new Map<string, Login>()
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
    const login = this.#loginOf(parts, id, isChanged) ?? this.#ownerOfCause(parts)
    if (login !== undefined) this.owners.set(exchange, login)
    this.#processes.add(processOf(exchange))
    this.#followSession(parts, login)
    this.#read.push(parts)
  }

  /** A note says that the programs were started or stopped, and all they knew was in memory. */
  readNote({ at }: Note): void {
    // They can respond before the note that they are running.
    const goesOn = [...this.#processes].some((name) => (this.#lastRequests.get(name) ?? 0) > at)
    if (goesOn) return
    for (const login of this.logins) {
      const isOver = login.hasEnded || login.tone === 'bad'
      if (!isOver) this.#end(login, 'ended when the programs stopped')
      login.hasEnded = true
    }
    const all = [this.credentials, this.#byValue, this.#used, this.#users, this.#processes]
    for (const values of all) values.clear()
  }

  #loginOf(parts: Parts, id: number, isChanged: boolean): Login | undefined {
    const { exchange, path, query, target } = parts
    if (path.startsWith('/api/')) return this.#readResource(parts, id)
    if (exchange.program !== 'server') {
      if (target?.path === '/authorize') return this.#startAtClient(parts, target.query, id)
      if (path === '/callback') return this.#readCallback(parts)
      const login = this.#byValue.get(`session ${parts.session}`)
      if (login !== undefined && path === '/logout') this.#logOut(login, parts)
      return login
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
  #ownerOfCause({ exchange, at }: Parts): Login | undefined {
    const [cause, ...others] = this.#read.filter((one) => {
      return one.exchange.program === exchange.from && one.answeredAt > at
    })
    return cause === undefined || others.length > 0 ? undefined : this.owners.get(cause.exchange)
  }

  #begin({ at }: Parts, id: number, client: string | undefined, fate: string): Login {
    const login = new Login(id, at, shorten(client))
    login.tell(fate)
    this.logins.push(login)
    return login
  }

  #beginLogin(parts: Parts, query: Parts['query'], id: number): Login {
    const login = this.#begin(parts, id, query.client_id, WAITING)
    login.key = keyOf(query)
    login.challenge = query.code_challenge
    return login
  }

  /** For values that work, but whose origin isn't among these messages. */
  #beginUnknown(parts: Parts, id: number): Login | undefined {
    const { status = 0, json, form, bearer } = parts
    if (status < 200 || status >= 300) return undefined
    const client = typeof json.client_id === 'string' ? json.client_id : parts.client
    const login = this.#begin(parts, id, client, 'started before these messages')
    const value = bearer ?? form.token
    if (value !== undefined) this.#issue(login, { kind: 'access token', value, since: undefined })
    this.#takeTokens(parts, login, 'logged in before these messages')
    if (typeof json.sub === 'string' && json.sub !== client) login.user = json.sub
    return login
  }

  #startAtClient(parts: Parts, query: Parts['query'], id: number): Login {
    const pending = this.#byValue.get(`login in ${parts.session}`)
    if (pending !== undefined && !pending.isAnswered && !pending.hasEnded) {
      this.#end(pending, 'abandoned for another login in the same browser')
    }
    const login = this.#beginLogin(parts, query, id)
    const session = parts.newSession || parts.session
    if (session === undefined) return login
    this.#byValue.set(`login in ${session}`, login)
    // Until this one succeeds, the session stays with the login before.
    const before = this.#byValue.get(`session ${session}`)
    if (before === undefined || !before.isAnswered || before.hasEnded) {
      this.#byValue.set(`session ${session}`, login)
    }
    return login
  }

  /** RFC 6749 section 4.1.1 */
  #readAuthorization(parts: Parts, id: number, isChanged: boolean): Login {
    const { exchange, query, session, newSession } = parts
    const browser = [exchange.peer, ...(session ? [`session ${session}`] : [])]
    const isMine = (login: Login) => browser.some((name) => login.browser.has(name))
    const same = this.logins.filter(({ key }) => key === keyOf(query)).reverse()
    const open = same.filter(({ isAnswered, hasEnded }) => !isAnswered && !hasEnded)
    const mine = open.find(isMine) ?? open[0]
    // A browser follows a redirect at once, so of several equal requests this is the newest.
    const next =
      exchange.request.method === 'POST'
        ? (mine ?? same.find((login) => isMine(login) && !login.hasEnded))
        : (open.find(({ isOpened }) => !isOpened) ?? mine)
    // Once a person has changed it, it isn't the one in the client's redirect anymore.
    const started =
      isChanged && this.logins.findLast(({ key, isOpened }) => key !== undefined && !isOpened)
    const login = next ?? (started || this.#beginLogin(parts, query, id))
    login.key = keyOf(query)
    login.isOpened = true
    for (const name of browser) login.browser.add(name)
    if (newSession) login.browser.add(`session ${newSession}`)
    this.#readUser(parts, login)
    this.#readAuthorizationResponse(parts, login)
    return login
  }

  #readUser({ path, form, status, session, newSession }: Parts, login: Login): void {
    const isLogin = path === '/authorize' && form.username !== undefined && status === 303
    if (isLogin) login.user = shorten(form.username)
    if (isLogin && newSession) this.#users.set(newSession, form.username ?? '')
    login.user ??= shorten(this.#users.get(session ?? ''))
  }

  /** RFC 6749 sections 4.1.2 and 4.1.2.1 */
  #readAuthorizationResponse(parts: Parts, login: Login): void {
    const { target, status, answeredAt, path } = parts
    const { code, error } = target?.query ?? {}
    if (target !== undefined && (code ?? error) !== undefined) {
      login.isAnswered = true
      this.#byValue.set(target.pathAndQuery, login)
    }
    if (code !== undefined) {
      login.authorizedAt = answeredAt
      this.#issue(login, { kind: 'code', value: code, since: answeredAt })
      login.tell("the client hasn't used its code")
    } else if (error === 'access_denied') login.tell('the user said no (access_denied)', 'bad')
    else if (error !== undefined) {
      login.tell(`the server rejected the request (${shorten(error)})`, 'bad')
    }
    if (status === undefined || login.isAnswered) return
    if (status === 401) login.tell('wrong password so far')
    else if (status < 400) login.tell(WAITING)
    else {
      const what = path === '/consent' ? 'consent' : 'request'
      login.tell(`the server rejected the ${what}${reasonOf(parts)}`, 'bad')
    }
  }

  /** The redirect URI. */
  #readCallback(parts: Parts): Login | undefined {
    const { exchange, query, status = 0 } = parts
    const login =
      this.#byValue.get(exchange.request.url) ??
      this.#byValue.get(`code ${query.code}`) ??
      this.logins.findLast(({ key, hasEnded }) => {
        return query.state !== undefined && key === keyOf(query) && !hasEnded
      })
    const isNews = query.code !== undefined && !this.#used.has(`code ${query.code}`)
    if (login !== undefined && isNews && status >= 400) {
      login.tell(`the client rejected the response${reasonOf(parts)}`, 'bad')
    }
    return login
  }

  /** RFC 6749 sections 4.1.3, 4.4.2 and 6 */
  #readTokenRequest(parts: Parts, id: number): Login | undefined {
    const { form, status = 0, json } = parts
    if (form.grant_type === 'client_credentials') {
      const login = this.#begin(parts, id, parts.client, 'asks for a token')
      login.isForItself = true
      this.#takeTokens(parts, login, 'got a token')
      if (status >= 400) login.tell(refusalIn(json), 'bad')
      return login
    }
    const isRefresh = form.grant_type === 'refresh_token'
    const kind = isRefresh ? 'refresh token' : 'code'
    const value = isRefresh ? form.refresh_token : form.code
    const login = this.#byValue.get(`${kind} ${value}`) ?? this.#byVerifier(form)
    if (login === undefined) return this.#beginUnknown(parts, id)
    if (status >= 400) this.#readTokenError(parts, login, kind, value)
    else if (status > 0) {
      this.#use(kind, value)
      this.#takeTokens(parts, login, 'logged in')
    }
    return login
  }

  #readTokenError(
    { json, client }: Parts,
    login: Login,
    kind: Credential['kind'],
    value: string | undefined,
  ): void {
    const isReplay = this.#used.has(`${kind} ${value}`)
    // The server says whether a second use ends the login. Before v05 it doesn't.
    const { error_description: why } = json
    if (isReplay && typeof why === 'string' && /revoked|ended/.test(why)) {
      this.#end(login, `ended, because its ${kind} was used twice`, 'bad')
    }
    const isOwn = shorten(client) === login.client
    if (isReplay || login.hasEnded || !isOwn) return
    login.tell(refusalIn(json), 'bad')
    if (json.error !== 'invalid_grant') return
    this.#use(kind, value)
    if (kind === 'refresh token') this.#end(login, `ended, because ${refusalIn(json)}`, 'bad')
  }

  /** RFC 7636 section 4.6 */
  #byVerifier({ code_verifier }: Parts['form']): Login | undefined {
    if (code_verifier === undefined) return undefined
    const challenge = createHash('sha256').update(code_verifier).digest('base64url')
    return this.logins.findLast((login) => login.challenge === challenge && !login.hasEnded)
  }

  #takeTokens({ json, answeredAt }: Parts, login: Login, fate: string): void {
    const { access_token, refresh_token, expires_in } = json
    if (typeof access_token !== 'string') return
    const lifetime = typeof expires_in === 'number' ? expires_in : undefined
    this.#issue(login, { kind: 'access token', value: access_token, since: answeredAt, lifetime })
    if (typeof refresh_token === 'string') {
      const since = login.authorizedAt
      this.#issue(login, { kind: 'refresh token', value: refresh_token, since })
    }
    if (!login.isLoggedOut) login.tell(fate, 'good')
  }

  /** RFC 6750 section 2.1 */
  #readResource(parts: Parts, id: number): Login | undefined {
    const { bearer, status, json } = parts
    if (bearer === undefined) return undefined
    const login = this.#byValue.get(`access token ${bearer}`) ?? this.#beginUnknown(parts, id)
    if (status === 200 && typeof json.user_id === 'string' && login !== undefined) {
      login.user ??= shorten(json.user_id)
    }
    if (status !== 401 || login === undefined) return login
    this.credentials.delete(`access token ${bearer}`)
    const isInUse = login.newestAccessToken === bearer && !login.hasEnded && !login.isLoggedOut
    if (isInUse) login.tell('the API rejects its access token', 'bad')
    return login
  }

  /** RFC 7662 section 2.1 */
  #readIntrospection(parts: Parts, id: number): Login | undefined {
    const { form, json } = parts
    const login = this.#byValue.get(`access token ${form.token}`)
    if (login !== undefined || json.active !== true) return login
    return this.#beginUnknown(parts, id)
  }

  /** RFC 7009 section 2.1 */
  #readRevocation({ form, status }: Parts): Login | undefined {
    const isRefresh = this.#byValue.has(`refresh token ${form.token}`)
    const kind = isRefresh ? 'refresh token' : 'access token'
    const login = this.#byValue.get(`${kind} ${form.token}`)
    if (login === undefined || status !== 200 || login.hasEnded) return login
    const own = this.#credentialsOf(login)
    const isAll = isRefresh || own.every(({ value }) => value === form.token)
    const fate = login.isLoggedOut
      ? 'logged out, and its tokens are revoked'
      : 'ended, and its tokens are revoked'
    if (isAll) this.#end(login, fate)
    else for (const one of own) if (one.value === form.token) this.#revoke(one)
    return login
  }

  /** The pages of users at the server. They belong to no login, but can end some. */
  #readAccount({ path, form, status, session, newSession }: Parts): void {
    if (status !== 303) return
    if (path === '/account' && newSession) this.#users.set(newSession, form.username ?? '')
    const user = this.#users.get(session ?? '')
    if (path !== '/account/disconnect' || user === undefined) return
    for (const login of this.logins) {
      const isMeant = login.user === shorten(user) && login.client === shorten(form.client_id)
      const isAlive = this.#credentialsOf(login).length > 0
      if (isMeant && isAlive) this.#end(login, 'ended, because the user disconnected the app')
    }
  }

  #logOut(login: Login, { status = 500 }: Parts): void {
    if (status >= 400 || login.hasEnded) return
    login.isLoggedOut = true
    const isAlive = this.#credentialsOf(login).length > 0
    login.tell(isAlive ? 'logged out, but its tokens may still work' : 'logged out')
  }

  #followSession(parts: Parts, login: Login | undefined): void {
    const { exchange, session, newSession, at, answeredAt, status = 0, path } = parts
    const isServer = exchange.program === 'server'
    if (path === '/callback' && status < 400 && !isServer && login !== undefined) {
      this.#byValue.set(`session ${newSession || session}`, login)
    }
    const before = this.credentials.get(`session ${session}`)
    if (before !== undefined) before.since = at
    if (newSession === undefined) return
    if (newSession !== session) this.credentials.delete(`session ${session}`)
    if (newSession === '') return
    const owner = isServer ? undefined : login
    const credential = { value: newSession, login: owner, since: answeredAt }
    this.credentials.set(`session ${newSession}`, { kind: 'session', ...credential })
  }

  #issue(login: Login, credential: Omit<Credential, 'login'>): void {
    const { kind, value } = credential
    this.#byValue.set(`${kind} ${value}`, login)
    this.credentials.set(`${kind} ${value}`, { ...credential, login })
    if (kind === 'access token') login.newestAccessToken = value
  }

  #use(kind: Credential['kind'], value: string | undefined): void {
    this.#used.add(`${kind} ${value}`)
    this.credentials.delete(`${kind} ${value}`)
  }

  /** The codes and tokens of a login. */
  #credentialsOf(login: Login): Credential[] {
    const all = [...this.credentials.values()]
    return all.filter((one) => one.login === login && one.kind !== 'session')
  }

  /** An API that reads a JWT by itself doesn't ask the server, so it accepts the token all the same. */
  #revoke(credential: Credential): void {
    const { kind, value } = credential
    if (kind === 'access token' && value.startsWith('eyJ')) credential.isRevoked = true
    else this.credentials.delete(`${kind} ${value}`)
  }

  #end(login: Login, fate: string, tone?: Login['tone']): void {
    login.hasEnded = true
    login.tell(fate, tone)
    for (const credential of this.#credentialsOf(login)) this.#revoke(credential)
  }
}

function processOf({ key }: Exchange): string {
  return key.split(' ', 1)[0] ?? ''
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
