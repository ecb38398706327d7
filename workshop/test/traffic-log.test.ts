import { addressesFrom } from '@oauth-lab/course/programs/programs.ts'
import { describe, expect, test } from 'vitest'
import { detailsOf } from '../traffic/details.ts'
import { toHar } from '../traffic/har.ts'
import type { TrafficLog } from '../traffic/log.ts'
import { maskExchange } from '../traffic/masked.ts'
import type { Exchange, Message } from '../traffic/message.ts'
import { type Filter, passing, rowsSince } from '../traffic/row.ts'
import { CODE, fail, type Request, Scene } from './scene.ts'

const ALL: Filter = { channel: '', text: '', program: '', kind: '', login: '' }
const LANES = ['browser', 'client', 'server']

/** A message by its place, counted from 1. */
function nth({ entries }: TrafficLog, place: number): Message {
  const entry = entries[place - 1]
  return entry === undefined || entry.kind === 'note' ? fail() : entry
}

describe('the log', () => {
  test('has the messages in the order in which they were sent, whichever is reported first', () => {
    const scene = new Scene().ask(2, 20, { url: '/second' }).ask(1, 10, { url: '/first' })
    scene.log.note('between', 15)
    expect(scene.sentences()).toEqual([
      'browser to server, GET /first, no response yet',
      'between',
      'browser to server, GET /second, no response yet',
    ])
  })

  test('recognizes the client by its connection, even if that is reported after the request', () => {
    const scene = new Scene().ask(1, 10, { url: '/token', peer: '::1 5', headers: [] })
    expect(scene.sentences()[0]).toMatch(/^another program to server/)
    const { revision } = scene.log
    scene.say({ tap: 'connected', at: 9, address: '::1 5' } as never, 'client')
    expect(scene.sentences()[0]).toMatch(/^client to server/)
    expect(rowsSince(scene.log, revision, ALL, LANES)).toHaveLength(1)
  })

  test("doesn't take another program for the client because it has a port the client once had", () => {
    const curl = ['User-Agent', 'curl/8.0']
    const scene = new Scene()
      .say({ tap: 'connected', at: 100, address: '::1 5' } as never, 'client')
      .say({ tap: 'disconnected', at: 200, address: '::1 5' } as never, 'client')
      .ask(1, 50, { peer: '::1 5', headers: curl })
      .ask(2, 150, { peer: '::1 5', headers: curl })
      .ask(3, 2_000, { peer: '::1 5', headers: curl })
      .ask(4, 150, { peer: '127.0.0.1 5', headers: curl })
    const senders = scene.sentences().map((sentence) => sentence.split(' to ')[0])
    expect(senders.sort()).toEqual([
      'another program',
      'another program',
      'another program',
      'client',
    ])
  })

  test('knows what the editor of requests sent, whatever browser it claims to be', () => {
    const scene = new Scene()
    scene.log.takeOwn('::1 5', true, 100)
    scene.log.takeOwn('::1 5', false, 200)
    scene.ask(1, 150, { peer: '::1 5' }).ask(2, 2_000, { peer: '::1 5' })
    const senders = scene.sentences().map((sentence) => sentence.split(' to ')[0])
    expect(senders).toEqual(['request editor', 'browser'])
  })

  test('keeps the last 500 messages', () => {
    const scene = new Scene()
    for (let id = 1; id <= 400; id += 1) scene.ask(id, id).answer(id, id + 0.5)
    expect(scene.log.entries).toHaveLength(500)
    expect(scene.log.entries[0]).toMatchObject({ at: 151, kind: 'request' })
  })

  test('forgets everything except what waits', () => {
    const scene = new Scene().flow().ask(9, 99, { waits: true })
    const { epoch } = scene.log
    scene.log.clear()
    expect(scene.sentences()).toEqual(['browser to server, GET /, waiting'])
    expect(scene.log.epoch).not.toBe(epoch)
    expect(scene.log.values.of(CODE)).toBeUndefined()
  })

  test('reports a changed message again, and nothing else', () => {
    const scene = new Scene().ask(1, 1).ask(2, 2)
    const { revision } = scene.log
    expect(rowsSince(scene.log, revision, ALL, LANES)).toEqual([])
    scene.answer(2, 3)
    const rows = rowsSince(scene.log, revision, ALL, LANES)
    expect(rows.map(({ sentence }) => sentence)).toEqual([
      'browser to server, GET /, response 200',
      'server to browser, 200 to GET /',
    ])
  })

  test('says why a request has no response', () => {
    const scene = new Scene().ask(1, 1).ask(2, 2, { waits: true }).ask(3, 3)
    scene.answer(3, 4).say({ tap: 'broken', id: 1 } as never)
    scene.log.end()
    const troubles = rowsSince(scene.log, 0, ALL, LANES).map(
      (row) => row.kind !== 'note' && row.trouble,
    )
    expect(troubles).toEqual([
      'The connection closed before the response.',
      'The program stopped before it responded.',
      undefined,
      undefined,
    ])
    expect(scene.log.waiting).toEqual([])
  })

  test('has held messages in order, and drops each once it is sent on', () => {
    const scene = new Scene()
      .ask(2, 2, { waits: true, url: '/b' })
      .ask(1, 1, { waits: true, url: '/a' })
    expect(scene.log.waiting.map(({ exchange }) => exchange.request.url)).toEqual(['/a', '/b'])
    expect(scene.log.waiting[0]?.exchange).toMatchObject({ program: 'server', id: 1 })
    scene.say({ tap: 'passed', id: 1, changes: null } as never)
    expect(scene.log.waiting.map(({ exchange }) => exchange.request.url)).toEqual(['/b'])
  })

  test('tells processes apart, because each numbers its own requests', () => {
    const scene = new Scene().ask(1, 1, { url: '/old', process: 1 } as Request)
    scene.ask(1, 2, { url: '/new', process: 2 } as Request).answer(1, 3)
    expect(scene.sentences()[0]).toContain('GET /old, response 200')
    expect(scene.sentences()[1]).toContain('GET /new, no response yet')
  })
})

describe('hostile traffic', () => {
  const FORM = ['Content-Type', 'application/x-www-form-urlencoded']

  function form(text: string): Scene {
    return new Scene()
      .ask(1, 1, { method: 'POST', url: '/token', headers: FORM })
      .say({ tap: 'body', id: 1, body: { text, size: text.length } } as never)
  }

  test.each(['constructor', '__proto__', 'toString'])(
    'with the grant type %s is a token request',
    (grantType) => {
      const { log } = form(`grant_type=${grantType}`)
      expect(rowsSince(log, 0, ALL, LANES)[0]).toMatchObject({ title: 'Token request' })
    },
  )

  test('with too many fields shows the first ones, and says that there are more', () => {
    const { log } = form('code=abcdefgh&'.repeat(4_000))
    const { sections } = detailsOf(nth(log, 1), log)
    const { fields = [] } = sections.find(({ title }) => title === 'Form') ?? {}
    expect(fields).toHaveLength(101)
    expect(fields[100]?.value).toEqual(["The rest isn't shown."])
    expect(JSON.stringify(rowsSince(log, 0, ALL, LANES)).length).toBeLessThan(10_000)
  })

  test('with as many cookies, attributes and headers does no harm either', () => {
    const many = Array.from({ length: 2_000 }, (_, i) => `c${i}=value-${i}`)
    const headers = ['Cookie', many.join('; '), ...many.flatMap((name) => [name, 'x'])]
    const answered = [`Set-Cookie: ${many.join('; ')}`, ...many.map((name) => `${name}: x`)]
    const { log } = new Scene().ask(1, 1, { headers }).answer(1, 2, [200, answered.join('\r\n')])
    for (const id of [1, 2]) {
      const { sections } = detailsOf(nth(log, id), log)
      for (const { fields } of sections) expect(fields.length).toBeLessThanOrEqual(101)
    }
  })

  test('with JSON nested too deep gets a note in its place', () => {
    const text = `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    const { log } = new Scene().ask(1, 1).answer(1, 2, [200, '', text])
    const { sections } = detailsOf(nth(log, 2), log)
    expect(JSON.stringify(sections)).toContain('nested too deep')
    const masked = maskExchange(nth(log, 2).exchange, log.values)
    expect(masked.answer?.body.text).toMatch(/^Left out/)
  })

  test('with a challenge of one endless word is read in time', () => {
    const challenge = `WWW-Authenticate: Bearer ${'a'.repeat(500_000)}`
    const { log } = new Scene().ask(1, 1).answer(1, 2, [401, challenge])
    expect(detailsOf(nth(log, 2), log).sections[0]?.title).toBe('WWW-Authenticate')
  })

  test('with a path of thousands of characters is shortened', () => {
    const { log } = new Scene().ask(1, 1, { url: `/${'a'.repeat(10_000)}` })
    expect(JSON.stringify(rowsSince(log, 0, ALL, LANES)).length).toBeLessThan(2_000)
  })

  test("with a secret that was met too long ago to have a name still doesn't show it", () => {
    const scene = new Scene().ask(1, 1, { url: '/callback?state=first-state' }, 'client')
    for (let id = 2; id <= 2_100; id += 1) {
      scene.log.values.meet([
        {
          title: '',
          minor: false,
          fields: [{ name: 'code', value: `code-${id}`, topic: '', kind: 'code' }],
        },
      ])
    }
    expect(scene.log.values.of('first-state')).toBeUndefined()
    expect(JSON.stringify(rowsSince(scene.log, 0, ALL, LANES))).not.toContain('first-state')
  })
})

describe('a filter', () => {
  const { log } = new Scene().flow()

  function count(filter: Partial<Filter>): number {
    return passing(log, { ...ALL, ...filter }).length
  }

  test('lets a channel pass, or a text wherever it stands', () => {
    expect(count({})).toBe(5)
    expect(count({ channel: 'back' })).toBe(2)
    expect(count({ channel: 'front' })).toBe(3)
    expect(count({ channel: 'constructor' })).toBe(5)
    expect(count({ text: 'ACCESS_TOKEN' })).toBe(1)
    expect(count({ text: CODE })).toBe(3)
    expect(count({ text: 'nothing of that' })).toBe(0)
  })
})

describe('values', () => {
  test('have one name everywhere, and show only their ends', () => {
    const { log } = new Scene().flow()
    expect(log.values.of(CODE)).toMatchObject({
      name: 'code 1',
      secret: true,
      masked: 'cccc****cccc',
    })
    expect(log.values.mask(`GET /callback?code=${CODE}&a=b`)).toBe(
      'GET /callback?code=cccc****cccc&a=b',
    )
    expect(log.values.of('lab-client-secret')?.name).toBe('client secret 1')
    expect(log.values.of('lab-client')?.secret).toBe(false)
  })

  test('are found in an address in any encoding', () => {
    const scene = new Scene().ask(1, 1, { headers: ['Cookie', 'oauth_lab_1=abcd/efgh+ijkl'] })
    expect(scene.log.values.mask('x=abcd%2Fefgh%2Bijkl')).toBe('x=****')
  })

  test('are found in a form even if they have several words, such as a password', () => {
    const form = new URLSearchParams({ username: 'u', password: 'two words & more' }).toString()
    const headers = ['Content-Type', 'application/x-www-form-urlencoded']
    const scene = new Scene().ask(1, 1, { method: 'POST', url: '/authorize', headers })
    scene.say({ tap: 'body', id: 1, body: { text: form, size: form.length } } as never)
    expect(scene.log.values.mask(form)).toBe('username=u&password=two ****more')
  })

  test('are recognized only by known parameters, whatever names a request invents', () => {
    const scene = new Scene().ask(1, 1, { url: '/?constructor=abcdefgh&__proto__=ijklmnop' })
    expect(scene.log.values.of('abcdefgh')).toBeUndefined()
    expect(scene.log.values.of('ijklmnop')).toBeUndefined()
  })

  test('are forgotten, oldest first, when they are too long together', () => {
    const scene = new Scene()
    for (let id = 1; id <= 50; id += 1)
      scene.ask(id, id, { url: `/?code=${id}-${'x'.repeat(60_000)}` })
    expect(scene.log.values.of(`1-${'x'.repeat(60_000)}`)).toBeUndefined()
    expect(scene.log.values.of(`50-${'x'.repeat(60_000)}`)).toBeDefined()
  })

  test('may be half a character, as a program can write it into its JSON', () => {
    const scene = new Scene().ask(1, 1, { method: 'POST', url: '/token' })
    const text = '{"access_token":"\\ud800-token-of-a-copy"}'
    scene.say({
      tap: 'answer',
      id: 1,
      at: 2,
      waits: false,
      status: 200,
      head: '',
      body: { text, size: 38 },
    } as never)
    expect(scene.log.values.of('\ud800-token-of-a-copy')?.name).toBe('access token 1')
  })

  test('that are short are masked in place, and not searched for elsewhere', () => {
    const scene = new Scene().ask(1, 1, { url: '/callback?code=e&state=t' }, 'client')
    expect(scene.log.values.mask('the letter e')).toBe('the letter e')
    expect(scene.log.values.mask('e')).toBe('****')
  })
})

interface HarOf {
  log: TrafficLog
  show?: (exchange: Exchange) => Exchange
}

describe('a HAR', () => {
  const { log } = new Scene().flow()
  const addresses = addressesFrom(1)

  function har({ log, show = (exchange) => maskExchange(exchange, log.values) }: HarOf) {
    return toHar(log.entries, { addresses, toDate: (at) => new Date(at), show })
  }

  test('has everything that HAR 1.2 requires', () => {
    const { version, creator, entries } = har({ log }).log
    expect(version).toBe('1.2')
    expect(creator).toEqual({ name: expect.any(String), version: expect.any(String) })
    expect(entries).toHaveLength(3)
    const pairs = expect.arrayContaining([])
    for (const { startedDateTime, request, response, ...entry } of entries) {
      expect(new Date(startedDateTime).toISOString()).toBe(startedDateTime)
      expect(entry).toMatchObject({ time: expect.any(Number), cache: {} })
      const { send, wait, receive } = entry.timings
      expect(send + wait + receive).toBe(entry.time)
      expect(new URL(request.url).origin).toMatch(/^http:\/\/localhost:[12]$/)
      expect(request).toMatchObject({
        method: expect.stringMatching(/^[A-Z]+$/),
        httpVersion: 'HTTP/1.1',
        cookies: pairs,
        headers: pairs,
        queryString: pairs,
        headersSize: -1,
        bodySize: expect.any(Number),
      })
      expect(response).toMatchObject({
        status: expect.any(Number),
        statusText: expect.any(String),
        httpVersion: 'HTTP/1.1',
        cookies: pairs,
        headers: pairs,
        content: { size: expect.any(Number), mimeType: expect.any(String) },
        redirectURL: expect.any(String),
        headersSize: -1,
        bodySize: expect.any(Number),
      })
    }
    expect(entries[2]?.request.postData).toMatchObject({
      mimeType: 'application/x-www-form-urlencoded',
      params: [
        { name: 'grant_type', value: 'authorization_code' },
        { name: 'code', value: 'cccc****cccc' },
      ],
    })
    expect(entries[1]?.response.status).toBe(0)
  })

  test('has no secret unless secrets are requested', () => {
    const secrets = [
      CODE,
      'tttttttttttttttttttttttt',
      'lab-client-secret',
      btoa('lab-client:lab-client-secret'),
    ]
    const masked = JSON.stringify(har({ log }))
    for (const secret of secrets) expect(masked).not.toContain(secret)
    const whole = JSON.stringify(har({ log, show: (exchange) => exchange }))
    for (const secret of [CODE, 'tttttttttttttttttttttttt']) expect(whole).toContain(secret)
  })

  const SECRET = 'Zq~7'
  /** The ways to write it in an address. */
  const WRITTEN = [SECRET, '%5a%71%7e%37', '%5A%71%7E%37', 'Zq%7e7', '%5Aq~7']
  const FIELDS = [
    ...['code', 'state', 'code_verifier', 'access_token', 'refresh_token', 'client_secret'],
    ...['password', 'id_token', 'nonce', 'anything', 'c%6fde', ''],
  ]
  const FORM = ['Content-Type', 'application/x-www-form-urlencoded']

  test.each(FIELDS)('has no value of the field "%s", however short and oddly encoded', (name) => {
    for (const written of WRITTEN) {
      const pair = name === '' ? written : `${name}=${written}`
      const address = `http://u:${written}@localhost/callback?a=b&${pair}#x=y&${pair}`
      const nested = encodeURIComponent(`http://localhost/callback?${pair}`)
      const form = `grant_type=x&${pair}&redirect_uri=${nested}`
      const headers = [...FORM, 'Referer', address, 'X-CSRF-Token', SECRET]
      const scene = new Scene()
        .ask(1, 1, { method: 'POST', url: `/token?${pair}`, headers })
        .say({ tap: 'body', id: 1, body: { text: form, size: form.length } } as never)
        .answer(1, 2, [303, `Location: ${address}`])
      const text = JSON.stringify(har({ log: scene.log }))
      for (const way of WRITTEN) expect([text, text.includes(way)]).toEqual([text, false])
      expect(text).toContain('grant_type=x')
    }
  })

  test('has no secret of a header, however short', () => {
    const basic = btoa(`lab-client:${SECRET}`)
    const headers = [
      ...['Cookie', `oauth_lab_1=${SECRET}; other=${SECRET}; ${SECRET}`],
      ...['Authorization', `Basic ${basic}`, 'Authorization', `Bearer ${SECRET}`],
      ...['Authorization', `DPoP ${SECRET}`, 'Authorization', SECRET],
      ...['Proxy-Authorization', SECRET, 'X-Api-Key', SECRET],
    ]
    const answered = [
      `Set-Cookie: id=${SECRET}; Path=/`,
      `WWW-Authenticate: Bearer nonce="${SECRET}"`,
    ]
    const scene = new Scene().ask(1, 1, { headers }).answer(1, 2, [401, answered.join('\r\n')])
    const text = JSON.stringify(har({ log: scene.log }))
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain(basic.slice(-4))
    expect(text).toContain('id=****; Path=/')
  })

  test('keeps why a token was rejected, and the ends of the token', () => {
    const challenge = 'Bearer realm="oauth-lab", error="invalid_token"'
    const scene = new Scene()
      .ask(1, 1, { headers: ['Authorization', `Bearer ${'a'.repeat(39)}wxyz`] })
      .answer(1, 2, [401, `WWW-Authenticate: ${challenge}`])
    const text = JSON.stringify(har({ log: scene.log }))
    expect(text).toContain(JSON.stringify(challenge))
    expect(text).toContain('Bearer aaaa****wxyz')
  })

  test('has no secret of a body: JSON is masked at any depth, and a body that is neither form nor JSON is left out', () => {
    const json = { access_token: SECRET, list: [SECRET, { code: SECRET }], pin: 90_417 }
    for (const body of [
      JSON.stringify(json),
      `"${SECRET}"`,
      `<p>${SECRET}</p>`,
      `{"a":"${SECRET}`,
    ]) {
      const scene = new Scene()
        .ask(1, 1, { method: 'POST', headers: ['Content-Type', 'text/plain'] })
        .say({ tap: 'body', id: 1, body: { text: body, size: body.length } } as never)
        .answer(1, 2, [200, 'Content-Type: text/html', body])
      const text = JSON.stringify(har({ log: scene.log }))
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain('90417')
    }
  })
})
