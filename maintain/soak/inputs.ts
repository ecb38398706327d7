import fc from 'fast-check'

/** One message to send over a connection. */
export interface Input {
  bytes: Buffer
  /** Whether it is a complete, valid HTTP request, however odd, which must get a response. */
  isWhole: boolean
}

const PATHS = {
  server: [
    '/authorize',
    '/consent',
    '/logout',
    '/account',
    '/account/disconnect',
    '/token',
    '/revoke',
    '/introspect',
    '/api/me',
    '/api/email',
    '/api/stats',
    '/style.css',
    '/',
  ],
  client: ['/', '/login', '/callback', '/profile', '/email', '/logout'],
  api: ['/', '/api/me', '/api/email', '/api/stats', '/introspect'],
}
/** The program to send to. */
export type ProgramName = keyof typeof PATHS

/** Valid requests, until a part is replaced. The redirect URI of this client is the same on all ports. */
const RIGHT = [
  `response_type=code&client_id=other-client&redirect_uri=http%3A%2F%2Flocalhost%3A25009%2Fcallback%3Ffrom%3Dother&state=x&code_challenge=${'x'.repeat(43)}&code_challenge_method=S256&scope=profile`,
  'grant_type=authorization_code&client_id=lab-client&client_secret=lab-client-secret&code=x',
  'grant_type=refresh_token&client_id=lab-client&client_secret=lab-client-secret&refresh_token=x&scope=email',
  'grant_type=client_credentials&client_id=worker-client&client_secret=worker-client-secret&scope=stats:read',
  'token=x&token_type_hint=refresh_token&client_id=lab-client&client_secret=lab-client-secret',
  'token=x&client_id=api-server&client_secret=api-server-secret',
  'username=user0&password=password0',
  'client_id=lab-client&csrf=x',
  'consent=x&decision=allow&scope=profile&scope=email',
]
const NAMES = [
  ...'response_type client_id redirect_uri state code_challenge code_challenge_method scope for username password decision consent'.split(
    ' ',
  ),
  ...'grant_type code code_verifier refresh_token token token_type_hint csrf error error_description __proto__ constructor toString hasOwnProperty'.split(
    ' ',
  ),
]
const VALUES = [
  'code',
  'lab-client',
  'lab-client-secret',
  'http://localhost:25001/callback',
  'S256',
  'authorization_code',
  'refresh_token',
  'user0',
  'password0',
  'profile email',
  'email',
  'allow',
  'deny',
  'x'.repeat(43),
]
/** Texts that break decoders, encoded for a query or a form. */
const RAW = [
  '%',
  '%0',
  '%zz',
  '%00',
  '%0d%0aset-cookie:%20x=y',
  '%c0%af',
  '%e0%80%af',
  '%f0%82%82%ac',
  '%ed%a0%80',
  '%ff%fe',
  '%u0041',
  '+'.repeat(50),
  '[]',
  '[__proto__]',
  '%3Cscript%3E',
  '%'.repeat(200),
]
const TYPES = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'APPLICATION/X-WWW-FORM-URLENCODED',
  'application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
  'nonsense',
  '/',
  ';',
]
const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']
/** The largest body, in bytes. */
const BODY_LIMIT = 16 * 1024
/** The largest size of all headers, roughly, in bytes. */
const HEADER_LIMIT = 16 * 1024

const piece = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...VALUES).map(encodeURIComponent) },
  { weight: 3, arbitrary: fc.constantFrom(...RAW) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).map(encodeURIComponent) },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => percentEncode(Buffer.from(bytes))),
  },
)
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: piece },
)
const anyPairs = fc
  .array(fc.tuple(name, piece), { maxLength: 10 })
  .map((list) => list.map((pair) => pair.join('=')).join('&'))
const nearlyRight = fc
  .tuple(fc.constantFrom(...RIGHT), fc.nat(), piece, fc.array(piece, { maxLength: 1 }))
  .map(([text, at, value, more]) => {
    const list = text.split('&')
    const index = at % list.length
    list[index] = `${list[index]?.split('=')[0]}=${value}`
    return [...list, ...more].join('&')
  })
const pairs = fc.oneof(anyPairs, nearlyRight, fc.constantFrom(...RIGHT))
const manyPairs = fc.constantFrom(1_000, 5_000, 10_000).map((count) => 'a&'.repeat(count))
const manyNames = fc
  .constantFrom(1_000, 10_000)
  .map((count) => Array.from({ length: count }, (_, index) => index.toString(36)).join('&'))
const form = fc.oneof(
  { weight: 80, arbitrary: pairs },
  { weight: 1, arbitrary: manyPairs },
  { weight: 1, arbitrary: manyNames },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((by) => filled(BODY_LIMIT + by)) },
  { weight: 1, arbitrary: fc.constant(filled(4 * BODY_LIMIT)) },
)
const body = fc.oneof(
  { weight: 6, arbitrary: form.map((text) => Buffer.from(text, 'latin1')) },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
)
const targetOf = (program: ProgramName) =>
  fc
    .tuple(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...PATHS[program]) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('//', '/../x', '/%00', '/%', '/\\', '/api/../token'),
        },
        { weight: 1, arbitrary: piece.map((text) => `/${text}`) },
      ),
      fc.option(pairs),
    )
    .map(([path, query]) => (query === null ? path : `${path}?${query}`))
const headerValue = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  })
  .map((text) => text.trim())
const header = fc.oneof(
  headerValue.map((value) => `authorization: Basic ${Buffer.from(value).toString('base64')}`),
  headerValue.map((value) => `authorization: Bearer ${value}`),
  headerValue.map((value) => `authorization: ${value}`),
  headerValue.map((value) => `cookie: ${value}`),
  pairs.map((text) => `cookie: oauth_lab_25001=${text.slice(0, 1_000)}`),
  headerValue.map((value) => `x-forwarded-host: ${value}`),
  fc.constantFrom(0.5, 0.9).map((part) => `x-long: ${'x'.repeat(HEADER_LIMIT * part)}`),
  fc.constantFrom(
    'accept: */*',
    'expect: 100-continue',
    'range: bytes=0-',
    'origin: null',
    'sec-fetch-site: same-site',
  ),
)

const wholeOf = (program: ProgramName): fc.Arbitrary<Input> =>
  fc
    .record({
      method: fc.constantFrom(...METHODS),
      target: targetOf(program),
      type: fc.oneof(fc.constant(TYPES[0] ?? ''), fc.constantFrom(...TYPES)),
      headers: fc.array(header, { maxLength: 3 }),
      body,
    })
    .map(({ method, target, type, headers, body }) => {
      const hasBody = method !== 'GET' && method !== 'TRACE'
      const own = hasBody ? [`content-type: ${type}`, `content-length: ${body.length}`] : []
      const head = [`${method} ${target} HTTP/1.1`, 'host: localhost', ...own, ...headers, '', '']
      const bytes = [Buffer.from(head.join('\r\n'), 'latin1')]
      if (hasBody) bytes.push(body)
      return { bytes: Buffer.concat(bytes), isWhole: true }
    })

/** Requests that are truncated, or whose headers are wrong. */
const brokenOf = (whole: fc.Arbitrary<Input>): fc.Arbitrary<Input> =>
  fc
    .oneof(
      fc.tuple(whole, fc.nat()).map(([{ bytes }, at]) => bytes.subarray(0, at % bytes.length)),
      fc.tuple(whole, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([{ bytes }, at, value]) => {
        const changed = Buffer.from(bytes)
        changed[at % changed.length] = value
        return changed
      }),
      fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          'POST /token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffff\r\nx',
          'POST /token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n',
          'POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
          'POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello',
          'GET / HTTP/9.9\r\nhost: x\r\n\r\n',
          'GET / HTTP/1.1\r\n\r\n',
          `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(2 * HEADER_LIMIT)}\r\n\r\n`,
          'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
          'CONNECT localhost:80 HTTP/1.1\r\nhost: x\r\n\r\n',
          'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
        )
        .map((text) => Buffer.from(text, 'latin1')),
    )
    .map((bytes) => ({ bytes, isWhole: false }))

/** The messages of one connection: some complete requests at once, and perhaps a malformed one at the end. */
export function conversationWith(program: ProgramName): fc.Arbitrary<Input[]> {
  const whole = wholeOf(program)
  return fc
    .tuple(
      fc.array(whole, { minLength: 1, maxLength: 24 }),
      fc.option(brokenOf(whole), { freq: 3 }),
    )
    .map(([requests, last]) => (last === null ? requests : [...requests, last]))
}

/** The text of a query or a form, hostile or not. */
export const parameterText: fc.Arbitrary<string> = fc.oneof(
  form,
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
)

function filled(length: number): string {
  return `state=${'x'.repeat(length - 'state='.length)}`
}

function percentEncode(bytes: Buffer): string {
  return bytes.toString('hex').replace(/../g, '%$&')
}
