import { createHash } from 'node:crypto'
import { readConfig } from '@oauth-lab/shared/config.ts'
import { describe, expect, test } from 'vitest'
import { whatLives } from '../traffic/living.ts'
import { type Filter, listSince, passing, sentenceOf } from '../traffic/row.ts'
import { Scene } from './scene.ts'

const ALL: Filter = { channel: '', text: '', program: '', kind: '', login: '' }
const LANES = ['browser', 'client', 'server', 'api']
const PORTS: Record<string, number> = { server: 25000, client: 25001, api: 25003, cli: 33333 }
const JWT = `eyJ${'j'.repeat(40)}`

type Answer = [status: number, headers?: string, text?: string]

interface Sent {
  /** A browser, by its letter, or a program. */
  from?: string
  form?: Record<string, string>
  session?: string
  bearer?: string
  client?: string
}

/** Requests as the versions and their browsers send them, a millisecond after each other. */
class Run extends Scene {
  #ids = 0
  #at = 0

  constructor() {
    super()
    for (const program of ['client', 'api', 'worker', 'cli']) {
      this.say({ tap: 'connected', at: 0, address: `::1 ${program}` } as never, program as never)
    }
  }

  get now(): number {
    return this.#at
  }

  wait(milliseconds: number): this {
    this.#at += milliseconds
    return this
  }

  restart(): this {
    this.log.note('v05-refresh-token is running.', this.#next())
    return this
  }

  /** @param asked such as `client GET /login` */
  send(asked: string, sent: Sent, answer: Answer, meanwhile?: () => void): this {
    const [program = '', method = '', url = ''] = asked.split(' ')
    const { from = 'a', form, session, bearer, client } = sent
    this.#ids += 1
    const id = this.#ids
    const headers = ['User-Agent', 'Mozilla/5.0', 'Host', `localhost:${PORTS[program]}`]
    if (session) headers.push('Cookie', `oauth_lab_${PORTS[program]}=${session}`)
    if (bearer) headers.push('Authorization', `Bearer ${bearer}`)
    if (client) headers.push('Authorization', `Basic ${btoa(`${client}:secret`)}`)
    if (form) headers.push('Content-Type', 'application/x-www-form-urlencoded')
    this.ask(id, this.#next(), { method, url, headers, peer: `::1 ${from}` }, program as never)
    const text = new URLSearchParams(form).toString()
    const body = { text, size: text.length }
    if (form) this.say({ tap: 'body', id, body } as never, program as never)
    meanwhile?.()
    return this.answer(id, this.#next(), answer, program as never)
  }

  /** The client sends a browser to the server. */
  start(browser: string, state: string, session = `pending-${state}`): this {
    const location = `Location: http://localhost:25000${authorize(state)}`
    const cookie = `Set-Cookie: oauth_lab_25001=${session}; Path=/`
    return this.send('client GET /login', { from: browser }, [302, `${location}\r\n${cookie}`])
  }

  /** The user logs in, and the server sends the browser back. */
  enter(browser: string, state: string, username: string, code = `code-${state}`): this {
    const url = authorize(state)
    const form = { username, password: 'secret-of-user' }
    const location = `Location: http://localhost:25001${callback(state, code)}`
    return this.send(`server GET ${url}`, { from: browser }, [200]).send(
      `server POST ${url}`,
      { from: browser, form },
      [303, location],
    )
  }

  /** The browser delivers the code, and the client exchanges it. */
  deliver(browser: string, state: string, code = `code-${state}`, token = `access-${state}`): this {
    const headers = `Location: /profile\r\nSet-Cookie: oauth_lab_25001=session-${state}; Path=/`
    const sent = { from: browser, session: `pending-${state}` }
    return this.send(`client GET ${callback(state, code)}`, sent, [303, headers], () => {
      this.redeem(state, code, [200, '', tokens(token, `refresh-${state}`)])
    })
  }

  redeem(state: string, code: string, answer: Answer, from = 'client'): this {
    const form = { grant_type: 'authorization_code', code, code_verifier: `verifier-${state}` }
    return this.send('server POST /token', { from, form, client: 'lab-client' }, answer)
  }

  refresh(old: string, answer: Answer): this {
    const form = { grant_type: 'refresh_token', refresh_token: old }
    return this.send('server POST /token', { from: 'client', form, client: 'lab-client' }, answer)
  }

  logIn(browser: string, state: string, user: string): this {
    return this.start(browser, state).enter(browser, state, user).deliver(browser, state)
  }

  /** Each login: who, how it ended, and its number of messages. The last number is that of messages without one. */
  logins(): [string, string, number][] {
    const { logins, entries } = this.log
    const owners = entries.map((entry) => (entry.kind === 'note' ? undefined : logins.of(entry)))
    return logins.all.map((login) => [
      login.who,
      login.fate,
      owners.filter((owner) => owner === login).length,
    ])
  }

  /** The sentences of the messages of no login. */
  others(): string[] {
    const { logins, entries } = this.log
    return entries.flatMap((entry) => {
      return entry.kind === 'note' || logins.of(entry) ? [] : [sentenceOf(entry)]
    })
  }

  living(now = this.now): string[] {
    const found = whatLives(this.log, readConfig({ CODE_TTL: '60', SESSION_TTL: '1000' }), now)
    return found.map(({ name, of, until = Number.NaN, isRevoked }) => {
      return `${name}, ${of}, ${Math.round((until - now) / 1000)} s${isRevoked ? ', revoked' : ''}`
    })
  }

  #next(): number {
    this.#at += 1
    return this.#at
  }
}

function authorize(state: string): string {
  const code_challenge = createHash('sha256').update(`verifier-${state}`).digest('base64url')
  const query = { response_type: 'code', client_id: 'lab-client', state, code_challenge }
  return `/authorize?${new URLSearchParams(query)}`
}

function callback(state: string, code: string): string {
  return `/callback?${new URLSearchParams({ code, state })}`
}

function tokens(access_token: string, refresh_token?: string): string {
  return JSON.stringify({ access_token, refresh_token, expires_in: 300 })
}

function refused(error: string, error_description = ''): Answer {
  return [400, '', JSON.stringify({ error, error_description })]
}

describe('logins', () => {
  test('in two browsers at once are told apart, and each has all its messages', () => {
    const run = new Run().start('a', 'one').start('b', 'two').enter('b', 'two', 'user1')
    run.enter('a', 'one', 'user0').deliver('a', 'one').deliver('b', 'two')
    run.send('client GET /profile', { from: 'b', session: 'session-two' }, [200], () => {
      const user = JSON.stringify({ user_id: 'user1' })
      run.send('server GET /api/me', { from: 'client', bearer: 'access-two' }, [200, '', user])
    })
    run.send('client GET /', {}, [200])
    expect(run.logins()).toEqual([
      ['user0 with lab-client', 'logged in', 10],
      ['user1 with lab-client', 'logged in', 14],
    ])
    expect(run.others()).toEqual([
      'browser to client, GET /, response 200',
      'client to browser, 200 to GET /',
    ])
  })

  test('in two browsers at once are told apart in v01 too, whose requests are all the same', () => {
    const url = '/authorize?response_type=code&client_id=lab-client'
    const run = new Run()
    const page = (from: string) => {
      run.send('client GET /login', { from }, [302, `Location: http://localhost:25000${url}`])
      run.send(`server GET ${url}`, { from }, [200])
    }
    const enter = (from: string, username: string) => {
      const location = `Location: http://localhost:25001/callback?code=code-of-${username}`
      run.send(`server POST ${url}`, { from, form: { username } }, [303, location])
    }
    page('a')
    page('b')
    enter('a', 'user0')
    enter('b', 'user1')
    // The trap: the victim's browser delivers the code of another login.
    run.send('client GET /callback?code=code-of-user1', { from: 'a' }, [200], () => {
      const form = { grant_type: 'authorization_code', code: 'code-of-user1' }
      run.send('server POST /token', { from: 'client', form }, [200, '', tokens('access')])
    })
    expect(run.logins()).toEqual([
      ['user0 with lab-client', "the client hasn't used its code", 6],
      ['user1 with lab-client', 'logged in', 10],
    ])
  })

  test('whose code a foreign browser delivers say that the client rejected it, from v02 on', () => {
    const run = new Run().start('b', 'two').enter('b', 'two', 'user1').start('a', 'one')
    const page = '<h1>Wrong state</h1>'
    const sent = { from: 'a', session: 'pending-one' }
    run.send(`client GET ${callback('two', 'code-two')}`, sent, [400, '', page])
    expect(run.logins()).toEqual([
      ['user1 with lab-client', 'the client rejected the response (Wrong state)', 8],
      ['Someone with lab-client', 'waiting for the user', 2],
    ])
  })

  test('that the user denies, and those left for another one, say so', () => {
    const run = new Run().start('a', 'one')
    const again = { from: 'a', session: 'pending-one' }
    const location = `Location: http://localhost:25000${authorize('two')}`
    run
      .send('client GET /login', again, [302, location])
      .send(`server GET ${authorize('two')}`, {}, [200])
    const denied = 'Location: http://localhost:25001/callback?error=access_denied&state=two'
    run.send(`server POST ${authorize('two')}`, { form: { decision: 'deny' } }, [303, denied])
    run.send('client GET /callback?error=access_denied&state=two', again, [400])
    expect(run.logins()).toEqual([
      ['Someone with lab-client', 'abandoned for another login in the same browser', 2],
      ['Someone with lab-client', 'the user said no (access_denied)', 8],
    ])
  })

  test('with a wrong password or an invalid request say what the server answered', () => {
    const run = new Run().start('a', 'one')
    const form = { username: 'user0', password: 'wrong' }
    run.send(`server POST ${authorize('one')}`, { form }, [401])
    run.send('server GET /authorize?client_id=nobody', {}, [400, '', '<h1>Unknown client</h1>'])
    expect(run.logins()).toEqual([
      ['Someone with lab-client', 'wrong password so far', 4],
      ['Someone with nobody', 'the server rejected the request (Unknown client)', 2],
    ])
  })

  test('whose code does not pass the token endpoint say which error it got', () => {
    const run = new Run().start('a', 'one').enter('a', 'one', 'user0')
    run.redeem('other', 'code-one', refused('invalid_grant'))
    // Known by its verifier alone.
    run.redeem('one', 'code-of-nobody', refused('invalid_grant'))
    expect(run.logins()).toEqual([
      ['user0 with lab-client', 'the server rejected the token request (invalid_grant)', 10],
    ])
  })

  test("are told apart whatever a copy's errors are", () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000)
    for (const odd of ['{"toString":1,"valueOf":1}', deep, 'null']) {
      const answer: Answer = [400, '', `{"error":${odd},"error_description":${odd}}`]
      const run = new Run().start('a', 'one').enter('a', 'one', 'user0')
      run.redeem('one', 'code-one', answer).redeem('one', 'code-one', answer)
      expect(run.logins()[0]?.[1]).toBe('the server rejected the token request (no error code)')
      run.redeem('one', 'code-one', [200, '', tokens('access', 'refresh')])
      run.redeem('one', 'code-one', answer)
      expect(run.logins()[0]?.[1]).toBe('logged in')
    }
  })

  test('go on through refreshes, and end with a logout and the revocation of the tokens', () => {
    const run = new Run().logIn('a', 'one', 'user0')
    run.refresh('refresh-one', [200, '', tokens('access-1', 'refresh-1')])
    expect(run.logins()).toEqual([['user0 with lab-client', 'logged in', 12]])
    const end = 'Set-Cookie: oauth_lab_25001=; Path=/'
    run.send('client POST /logout', { session: 'session-one' }, [303, end])
    expect(run.logins()[0]?.[1]).toBe('logged out, but its tokens may still work')
    run.send('server POST /revoke', { from: 'client', form: { token: 'refresh-1' } }, [200])
    expect(run.logins()).toEqual([
      ['user0 with lab-client', 'logged out, and its tokens are revoked', 16],
    ])
    expect(run.living()).toEqual([])
  })

  test('end when a code or a refresh token is used twice, if the server says that it ends them', () => {
    for (const [description, fate] of [
      [
        'The code was used before, so its tokens are revoked',
        'ended, because its code was used twice',
      ],
      ['The code is unknown, used, expired or of another client', 'logged in'],
    ] as const) {
      const run = new Run().logIn('a', 'one', 'user0')
      run.redeem('one', 'code-one', refused('invalid_grant', description), 'thief')
      expect(run.logins()).toEqual([['user0 with lab-client', fate, 12]])
    }
    const run = new Run().logIn('a', 'one', 'user0')
    run.refresh('refresh-one', [200, '', tokens('access-1', 'refresh-1')])
    run.refresh('refresh-one', refused('invalid_grant', 'used before: the login has ended'))
    expect(run.logins()[0]?.[1]).toBe('ended, because its refresh token was used twice')
    expect(run.living()).toEqual(['session 2, user0 with lab-client, 1000 s'])
  })

  test('end when the user disconnects the app, and when the programs stop', () => {
    const run = new Run().start('a', 'one').enter('a', 'one', 'user0').deliver('a', 'one')
    const account = 'Location: /account\r\nSet-Cookie: oauth_lab_25000=at-server; Path=/'
    run.send('server POST /account', { form: { username: 'user0' } }, [303, account])
    run.logIn('b', 'two', 'user1')
    const form = { client_id: 'lab-client' }
    run.send('server POST /account/disconnect', { session: 'at-server', form }, [303])
    expect(run.logins().map(([, fate]) => fate)).toEqual([
      'ended, because the user disconnected the app',
      'logged in',
    ])
    run.restart()
    expect(run.logins()[1]?.[1]).toBe('ended when the programs stopped')
    expect(run.living()).toEqual([])
  })

  test('keep an authorization request that was changed by hand', () => {
    const run = new Run().start('a', 'one')
    const changes = { method: 'GET', url: authorize('other'), headers: [] }
    run.send(`server GET ${authorize('one')}`, {}, [200], () => {
      run.say({ tap: 'passed', id: 2, changes } as never)
    })
    run.enter('a', 'other', 'user0')
    expect(run.logins()).toEqual([['user0 with lab-client', "the client hasn't used its code", 8]])
  })

  test('go on if the programs respond before the note that they are running', () => {
    const run = new Run().start('a', 'one').restart().enter('a', 'one', 'user0').deliver('a', 'one')
    expect(run.logins()).toEqual([['user0 with lab-client', 'logged in', 10]])
  })

  test('of a client for itself have a heading, and so have values from before these messages', () => {
    const run = new Run()
    const form = { grant_type: 'client_credentials' }
    const worker = { from: 'worker', form, client: 'worker-client' }
    run.send('server POST /token', worker, [200, '', tokens('of-worker')])
    run.send('api GET /api/users', { from: 'worker', bearer: 'of-worker' }, [200])
    run.send('api GET /api/me', { from: 'client', bearer: 'old' }, [200, '', '{"user_id":"user1"}'])
    run.send('api GET /api/me', { from: 'client', bearer: 'made-up' }, [401])
    expect(run.logins()).toEqual([
      ['worker-client for itself', 'got a token', 4],
      ['user1 with a client', 'started before these messages', 2],
    ])
    expect(run.others()).toHaveLength(2)
  })

  test('have what the API asks the server about their tokens, and the keys that it needs for them', () => {
    const run = new Run().logIn('a', 'one', 'user0')
    const api = { from: 'client', bearer: 'access-one' }
    run.send('api GET /api/me', api, [200], () => {
      run.send('server POST /introspect', { from: 'api', form: { token: 'access-one' } }, [200])
    })
    run.send('api GET /api/me', api, [200], () => {
      run.send('server GET /jwks', { from: 'api' }, [200])
    })
    run.send('server GET /jwks', { from: 'api' }, [200])
    expect(run.logins()).toEqual([['user0 with lab-client', 'logged in', 18]])
    expect(run.others()[0]).toBe('API to server, GET /jwks, response 200')
  })

  test('at the CLI start with the authorization request, and end with the revocation', () => {
    const query = {
      client_id: 'lab-cli',
      state: 'of-cli',
      redirect_uri: 'http://127.0.0.1:33333/callback',
    }
    const url = `/authorize?${new URLSearchParams(query)}`
    const location = `Location: http://127.0.0.1:33333${callback('of-cli', 'code-of-cli')}`
    const run = new Run().send(`server GET ${url}`, {}, [200])
    run.send(`server POST ${url}`, { form: { username: 'user0' } }, [303, location])
    run.send(`cli GET ${callback('of-cli', 'code-of-cli')}`, {}, [200])
    const form = { grant_type: 'authorization_code', code: 'code-of-cli', client_id: 'lab-cli' }
    run.send('server POST /token', { from: 'cli', form }, [200, '', tokens('at', 'rt')])
    run.send('server POST /revoke', { from: 'cli', form: { token: 'rt' } }, [200])
    expect(run.logins()).toEqual([['user0 with lab-cli', 'ended, and its tokens are revoked', 10]])
  })
})

describe('the list', () => {
  test('has the rows of a login below its heading, in the order in which the logins started', () => {
    const run = new Run().send('client GET /', {}, [200]).start('a', 'one').start('b', 'two')
    run.enter('a', 'one', 'user0')
    const { items, ids } = listSince(run.log, 0, ALL, LANES)
    expect(items.map((item) => (item.kind === 'login' ? item.rows.length : item.kind))).toEqual([
      'request',
      'answer',
      6,
      2,
    ])
    expect(ids).toHaveLength(10)
  })

  test('reports a message again when it joins a login later', () => {
    const run = new Run().wait(50)
    run.send('server GET /api/me', { from: 'client', bearer: 'access-one' }, [401])
    expect(listSince(run.log, 0, ALL, LANES).items).toHaveLength(2)
    const { revision } = run.log
    // The login was before it, but another program reports that later.
    run.wait(-50).logIn('a', 'one', 'user0')
    const [login] = listSince(run.log, revision, ALL, LANES).items
    const rows = login?.kind === 'login' ? login.rows : []
    expect(rows.map(({ sentence }) => sentence)).toContain('server to client, 401 to GET /api/me')
  })

  test('can be filtered by program, kind and login', () => {
    const run = new Run().logIn('a', 'one', 'user0').start('b', 'two')
    const count = (filter: Partial<Filter>) => passing(run.log, { ...ALL, ...filter }).length
    const [one] = run.log.logins.all
    expect(count({})).toBe(12)
    expect(count({ program: 'server' })).toBe(6)
    expect(count({ kind: 'Token request' })).toBe(1)
    expect(count({ login: String(one?.id) })).toBe(10)
    expect(count({ login: String(one?.id), program: 'server', kind: 'Login form' })).toBe(1)
    expect(count({ login: 'constructor' })).toBe(0)
  })
})

describe('what is alive', () => {
  test('is what was issued and neither used nor expired, with the seconds that are left', () => {
    const run = new Run().start('a', 'one').enter('a', 'one', 'user0')
    expect(run.living()).toEqual([
      'code 1, user0 with lab-client, 60 s',
      'session 1, user0 with lab-client, 1000 s',
    ])
    run.wait(10_000)
    expect(run.living()[0]).toBe('code 1, user0 with lab-client, 50 s')
    run.deliver('a', 'one')
    const day = 24 * 3600
    expect(run.living()).toEqual([
      'access token 1, user0 with lab-client, 300 s',
      'session 2, user0 with lab-client, 1000 s',
      `refresh token 1, user0 with lab-client, ${30 * day - 10} s`,
    ])
    run.refresh('refresh-one', [200, '', tokens('access-1', 'refresh-1')])
    expect(run.living().map((line) => line.split(',')[0])).toEqual([
      'access token 1',
      'access token 2',
      'session 2',
      'refresh token 2',
    ])
    expect(run.living(run.now + 2_000_000)).toEqual([
      `refresh token 2, user0 with lab-client, ${30 * day - 2010} s`,
    ])
  })

  test('includes a revoked JWT, because the API does not ask the server about it', () => {
    const run = new Run().start('a', 'one').enter('a', 'one', 'user0')
    run.deliver('a', 'one', 'code-one', JWT)
    run.send('server POST /revoke', { from: 'client', form: { token: 'refresh-one' } }, [200])
    expect(run.living()[0]).toBe('access token 1, user0 with lab-client, 300 s, revoked')
  })
})
