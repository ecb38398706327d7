import type { ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { listFiles } from '@oauth-lab/course/differences/files.ts'
import { freeAddresses } from '@oauth-lab/course/programs/free-addresses.ts'
import {
  type Addresses,
  isProgramCode,
  type ProgramName,
  portsOf,
  settingsOf,
} from '@oauth-lab/course/programs/programs.ts'
import { startNode } from '@oauth-lab/course/programs/typescript.ts'
import { untilAnswers } from '@oauth-lab/course/programs/who-answers.ts'
import {
  driverAt,
  FRESH_NAMES,
  fillIn,
  freshValues,
  type Values,
} from '@oauth-lab/course/requests/fresh-values.ts'
import type { Draft, Row } from '@oauth-lab/course/requests/request-draft.ts'
import { sendDraft } from '@oauth-lab/course/requests/send.ts'
import { CODE_CHALLENGE, CODE_VERIFIER } from '@oauth-lab/shared/testing/driver.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KnownVersion, knownVersion } from '../known-versions.ts'
import { refusedBy } from '../requests/refusal.ts'
import { TrafficLog } from '../traffic/log.ts'
import type { Exchange } from '../traffic/message.ts'
import { isTapMessage, TAP } from '../traffic/tap.ts'
import { copyVersion, folderOfFile } from './lab.ts'

const v05 = knownVersion('v05-refresh-token') as KnownVersion
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts one program with the tap, and collects what the tap reports. */
async function start(
  program: ProgramName,
  addresses: Addresses,
  settings: Record<string, string> = {},
  version = v05,
): Promise<TrafficLog> {
  const log = new TrafficLog()
  const child = startNode({
    main: `${program}/main.ts`,
    preload: [TAP],
    folder: version.folder,
    settings: { ...settingsOf(addresses), ...settings },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  children.push(child)
  child.on('message', (message) => {
    if (isTapMessage(message)) log.take(message, program, version)
  })
  await untilAnswers(portsOf(addresses)[program], new AbortController().signal)
  return log
}

/** Sends a request, and finds out which line refused it. */
type Refused = NonNullable<ReturnType<typeof refusedBy>>

async function refuse(draft: Draft, addresses: Addresses, log: TrafficLog): Promise<Refused> {
  const { peer } = await sendDraft(draft, addresses)
  const find = () =>
    log.entries.find((entry) => entry.kind === 'answer' && entry.exchange.peer === peer)
  await expect.poll(find, { interval: 5 }).toBeDefined()
  const { exchange } = find() as { exchange: Exchange }
  const refused = refusedBy(exchange)
  if (refused === undefined) throw new Error(`Not refused: ${exchange.answer?.status}`)
  return refused
}

/** The program code of v05 that starts at a line, with one space for each gap. */
function codeAt({ file, line }: { file: string; line: number }): string {
  const lines = readFileSync(join(v05.folder, file), 'utf8').split('\n')
  return lines
    .slice(line - 1)
    .join(' ')
    .replace(/\s+/g, ' ')
    .replace(/(?<=[([]) | (?=[)\]])/g, '')
    .trim()
}

function get(path: string, query: Row[] = [], headers: Row[] = []): Draft {
  return { program: 'server', method: 'GET', path, query, headers, body: undefined }
}

const AUTHORIZE: Row[] = [
  ['response_type', 'code'],
  ['client_id', '{client_id}'],
  ['redirect_uri', '{redirect_uri}'],
  ['state', 'a-state'],
  ['code_challenge', CODE_CHALLENGE],
  ['code_challenge_method', 'S256'],
]
const EXCHANGE: Row[] = [
  ['grant_type', 'authorization_code'],
  ['code', '{code}'],
  ['redirect_uri', '{redirect_uri}'],
  ['code_verifier', CODE_VERIFIER],
]
const REFRESH: Row[] = [
  ['grant_type', 'refresh_token'],
  ['refresh_token', '{refresh_token}'],
]
const BASIC: Row[] = [['authorization', '{basic}']]

/** The rows with some values replaced, left out (undefined), or added. */
function change(rows: Row[], changes: Record<string, string | undefined>): Row[] {
  const kept = rows.filter(([name]) => !Object.hasOwn(changes, name))
  const added = Object.entries(changes).filter((row): row is Row => row[1] !== undefined)
  return [...kept, ...added]
}

function authorize(changes: Record<string, string | undefined>): Draft {
  return get('/authorize', change(AUTHORIZE, changes))
}

function token(form: Row[], headers = BASIC): Draft {
  return { ...get('/token', [], headers), method: 'POST', body: { form } }
}

function exchange(changes: Record<string, string | undefined>): Draft {
  return token(change(EXCHANGE, changes))
}

function login(form: Row[] | undefined): Draft {
  const body = form === undefined ? undefined : { form }
  return { ...get('/authorize', AUTHORIZE), method: 'POST', body }
}

/** The start of the line that refuses, the section that it follows, and the request. */
type Refusal = [file: string, code: string, section: string, draft: Draft]

const OF_SERVER: Refusal[] = [
  ...of('server/authorization-request.ts', [
    [
      "const client_id = parameter(query, 'client_id')",
      '6749 section 4.1.2.1',
      {
        ...authorize({}),
        query: [...AUTHORIZE, ['client_id', 'a']],
      },
    ],
    [
      "throw new PageError(400, 'Missing client_id'",
      '6749 section 4.1.2.1',
      authorize({ client_id: undefined }),
    ],
    [
      "throw new PageError(400, 'Unknown client'",
      '6749 section 4.1.2.1',
      authorize({ client_id: 'a' }),
    ],
    [
      "const redirect_uri = parameter(query, 'redirect_uri')",
      '6749 section 4.1.2.1',
      {
        ...authorize({}),
        query: [...AUTHORIZE, ['redirect_uri', 'a']],
      },
    ],
    [
      "throw new PageError(400, 'Missing redirect_uri'",
      '6749 section 4.1.2.1',
      authorize({ redirect_uri: undefined }),
    ],
    [
      "throw new PageError(400, 'Wrong redirect URI'",
      '9700 section 2.1',
      authorize({ redirect_uri: 'http://a/' }),
    ],
    [
      "const response_type = requiredParameter(query, 'response_type')",
      '6749 section 4.1.1',
      authorize({ response_type: undefined }),
    ],
    [
      "throw new OAuthError('unsupported_response_type'",
      '6749 section 4.1.1',
      authorize({ response_type: 'token' }),
    ],
    [
      "const code_challenge = requiredParameter(query, 'code_challenge')",
      '7636 section 4.4.1',
      authorize({ code_challenge: undefined }),
    ],
    [
      "throw new OAuthError('invalid_request', 'code_challenge must be 43",
      '7636 section 4.4.1',
      authorize({ code_challenge: 'short' }),
    ],
    [
      "const code_challenge_method = requiredParameter(query, 'code_challenge_method')",
      '7636 section 4.3',
      authorize({ code_challenge_method: undefined }),
    ],
    [
      "throw new OAuthError('invalid_request', 'code_challenge_method must",
      '7636 section 4.3',
      authorize({ code_challenge_method: 'plain' }),
    ],
    [
      "state: parameter(query, 'state')",
      '6749 section 4.1.1',
      {
        ...authorize({}),
        query: [...AUTHORIZE, ['state', 'a']],
      },
    ],
  ]),
  ...of('server/routes/authorize.ts', [
    [
      'return showLogin(reply.code(400), authorizationRequest',
      '6749 section 3.1',
      login(undefined),
    ],
    [
      'return showLogin(reply.code(401), authorizationRequest',
      '9110 section 15.5.2',
      login([['username', 'user0']]),
    ],
  ]),
  ...of('server/routes/token.ts', [
    [
      "throw new OAuthError('invalid_request', 'The body must be",
      '6749 section 3.2',
      { ...token([]), body: { text: 'a=b' } },
    ],
    [
      "const grant_type = requiredParameter(form, 'grant_type')",
      '6749 section 3.2',
      exchange({ grant_type: undefined }),
    ],
    [
      "throw new OAuthError('unsupported_grant_type'",
      '6749 section 3.2',
      exchange({ grant_type: 'password' }),
    ],
  ]),
  ...of('server/client-auth.ts', [
    [
      "client_id: parameter(form, 'client_id')",
      '6749 section 2.3.1',
      token([...EXCHANGE, ['client_id', 'a'], ['client_id', 'b']]),
    ],
    [
      "client_secret: parameter(form, 'client_secret')",
      '6749 section 2.3.1',
      token([...EXCHANGE, ['client_secret', 'a'], ['client_secret', 'b']]),
    ],
    [
      "throw new OAuthError('invalid_request', 'Client credentials are in",
      '6749 section 2.3',
      exchange({ client_secret: 'a' }),
    ],
    [
      "throw new OAuthError('invalid_request', 'The header and the body",
      '6749 section 2.3.1',
      exchange({ client_id: 'a' }),
    ],
    ["throw new OAuthError('invalid_client'", '6749 section 2.3.1', token(EXCHANGE, [])],
  ]),
  ...of('server/grants/authorization-code.ts', [
    [
      "const code = requiredParameter(form, 'code')",
      '6749 section 4.1.3',
      exchange({ code: undefined }),
    ],
    [
      "const redirect_uri = requiredParameter(form, 'redirect_uri')",
      '6749 section 4.1.3',
      exchange({ redirect_uri: undefined }),
    ],
    [
      "const code_verifier = requiredParameter(form, 'code_verifier')",
      '6749 section 4.1.3',
      exchange({ code_verifier: undefined }),
    ],
    [
      "throw new OAuthError('invalid_request', 'code_verifier must be",
      '6749 section 4.1.3',
      exchange({ code_verifier: 'short' }),
    ],
    [
      "throw new OAuthError('invalid_grant', 'The code is unknown",
      '6749 section 4.1.3',
      exchange({ code: 'none' }),
    ],
    [
      "throw new OAuthError('invalid_grant', 'redirect_uri is not the one",
      '6749 section 4.1.3',
      exchange({ code: '{login_code}', redirect_uri: 'http://a/' }),
    ],
    [
      "throw new OAuthError('invalid_grant', 'code_verifier does not match",
      '7636 section 4.6',
      exchange({ code: '{other_code}' }),
    ],
    [
      "throw new OAuthError('invalid_grant', 'The code was used before",
      '6749 section 4.1.2',
      exchange({ code: '{used_code}' }),
    ],
  ]),
  ...of('server/grants/refresh-token.ts', [
    [
      "const refresh_token = requiredParameter(form, 'refresh_token')",
      '6749 section 6',
      token(change(REFRESH, { refresh_token: undefined })),
    ],
    [
      "throw new OAuthError('invalid_grant', 'The refresh token is unknown",
      '6749 section 6',
      token(change(REFRESH, { refresh_token: 'none' })),
    ],
    [
      "throw new OAuthError('invalid_grant', 'The refresh token was used",
      '9700 section 4.14.2',
      token(change(REFRESH, { refresh_token: '{used_refresh_token}' })),
    ],
  ]),
  ...of('server/bearer-auth.ts', [
    ["throw new OAuthError('invalid_token'", '6750 section 2.1', get('/api/me')],
  ]),
]

function of(file: string, rows: [code: string, section: string, draft: Draft][]): Refusal[] {
  return rows.map((row) => [file, ...row])
}

/** What the client gets from a server that responds with anything, and what it is sent then. */
type RefusalOfClient = [
  file: string,
  code: string,
  /** Undefined if the file cites none above: that a server can't be reached is no rule. */
  section: string | undefined,
  path: string,
  query: Row[],
  answers?: Record<string, [status: number, body: object]>,
]

const TOKENS = { access_token: 'a', token_type: 'Bearer', refresh_token: 'b' }
const REFUSED = { error: 'invalid_grant' }
const CODE: Row = ['code', 'a']
const CALLBACK = 'client/routes/callback.ts'
const TOKEN_REQUEST = 'client/token-request.ts'

const OF_CLIENT: RefusalOfClient[] = [
  [
    CALLBACK,
    "throw new PageError(400, 'Wrong state'",
    '6749 section 10.12',
    '/callback',
    [['state', 'none']],
  ],
  [
    CALLBACK,
    "const error = parameter(request.query, 'error')",
    '6749 section 4.1.2.1',
    '/callback',
    [
      ['error', 'a'],
      ['error', 'b'],
    ],
  ],
  [
    CALLBACK,
    "const description = parameter(request.query, 'error_description')",
    '6749 section 4.1.2.1',
    '/callback',
    [
      ['error', 'a'],
      ['error_description', 'a'],
      ['error_description', 'b'],
    ],
  ],
  [
    CALLBACK,
    'throw new PageError(400, error, description',
    '6749 section 4.1.2.1',
    '/callback',
    [['error', 'access_denied']],
  ],
  [
    CALLBACK,
    "const code = parameter(request.query, 'code')",
    '6749 section 4.1.2',
    '/callback',
    [CODE, CODE],
  ],
  [CALLBACK, "throw new PageError(400, 'No code'", '6749 section 4.1.2', '/callback', []],
  [
    TOKEN_REQUEST,
    'throw new TokenRequestRefused(400, body.error',
    '6749 section 4.1.3',
    '/callback',
    [CODE],
    { '/token': [400, REFUSED] },
  ],
  [
    TOKEN_REQUEST,
    'if (status !== 200 || !isTokenResponse(body)) throw badResponse(url, status)',
    '6749 section 4.1.3',
    '/callback',
    [CODE],
    { '/token': [200, {}] },
  ],
  [
    TOKEN_REQUEST,
    'const { status, body } = await callBackChannel(url',
    '6749 section 4.1.3',
    '/callback',
    [CODE],
    {},
  ],
  [
    'client/api.ts',
    "throw new PageError(401, 'Not logged in', 'token missing from session', logIn)",
    '6750 section 2.1',
    '/profile',
    [],
  ],
  [
    'client/api.ts',
    "throw new PageError(401, 'Not logged in', message, logIn)",
    '6750 section 2.1',
    '/profile',
    [CODE],
    { '/api/me': [401, {}] },
  ],
  [
    'client/api.ts',
    'if (status !== 200 || !isUserInfo(body)) throw badResponse(url, status)',
    undefined,
    '/profile',
    [CODE],
    { '/api/me': [200, {}] },
  ],
  [
    'client/token-manager.ts',
    'const response = await call(accessToken)',
    undefined,
    '/profile',
    [CODE],
    {},
  ],
]

function expectPlace(
  { place }: Refused,
  file: string,
  code: string,
  section: string | undefined,
): void {
  expect(place?.file).toBe(file)
  expect(codeAt(place as { file: string; line: number }).slice(0, code.length)).toBe(code)
  expect(place?.href).toBe(`/code/${v05.id}/${file}#L${place?.line}`)
  const links = place?.rule?.flatMap(({ text, href }) => (href === undefined ? [] : [text]))
  if (section === undefined) expect(links).toBeUndefined()
  else expect(links).toContain(`RFC ${section}`)
}

describe('the line of v05 that refused a request to the server is found:', () => {
  let addresses: Addresses
  let log: TrafficLog
  let values: Values
  beforeAll(async () => {
    addresses = await freeAddresses()
    ;[log] = await Promise.all([start('server', addresses), start('client', addresses)])
    values = await freshValues(
      [...FRESH_NAMES, 'client_id', 'redirect_uri', 'basic'],
      driverAt(v05, addresses),
    )
  })

  test.each(OF_SERVER)('%s, %s', async (file, code, section, draft) => {
    expectPlace(await refuse(fillIn(draft, values), addresses, log), file, code, section)
  })
})

describe('the line of v05 that refused a request to the client is found:', () => {
  let addresses: Addresses
  let log: TrafficLog
  let answers: NonNullable<RefusalOfClient[5]> = {}
  const server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [0, {}]
    // A server that hangs up is no server.
    if (status === 0) request.socket.destroy()
    else response.writeHead(status).end(JSON.stringify(body))
  })
  beforeAll(async () => {
    addresses = await freeAddresses()
    server.listen(portsOf(addresses).server, 'localhost')
    log = await start('client', addresses)
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  const get = (path: string, query: Row[], cookie: string): Draft => {
    const headers: Row[] = cookie === '' ? [] : [['cookie', cookie]]
    return { program: 'client', method: 'GET', path, query, headers, body: undefined }
  }
  /** The cookie that the client sets, and the state in its redirect. */
  const follow = async (path: string, query: Row[], before: string) => {
    const { headers } = await sendDraft(get(path, query, before), addresses)
    const sent = (name: string) => headers.find(([header]) => header === name)?.[1] ?? ''
    const state = /state=([^&]*)/.exec(sent('location'))?.[1] ?? ''
    return { cookie: sent('set-cookie').split(';', 1)[0] ?? '', state }
  }

  test.each(OF_CLIENT)('%s, %s', async (file, code, section, path, query, given) => {
    const { cookie, state } = await follow('/login', [], '')
    const withState: Row[] = [...query, ['state', state]]
    answers = { '/token': [200, TOKENS] }
    const isLater = path !== '/callback' && query.length > 0
    const now = isLater ? (await follow('/callback', withState, cookie)).cookie : cookie
    answers = isLater && given?.['/api/me'] ? { '/token': [400, REFUSED], ...given } : (given ?? {})
    const draft = isLater ? get(path, [], now) : get(path, withState, now)
    if (query[0]?.[0] === 'state') draft.query.pop()
    expectPlace(await refuse(draft, addresses, log), file, code, section)
  })
})

test('the line of v05 that refuses an expired refresh token is found', async () => {
  const addresses = await freeAddresses()
  const settings = { REFRESH_TOKEN_TTL: '0.001' }
  const log = await start('server', addresses, settings)
  const values = await freshValues(['refresh_token', 'basic'], driverAt(v05, addresses))
  const refused = await refuse(fillIn(token(REFRESH), values), addresses, log)
  expectPlace(refused, ...EXPIRED, '6749 section 6')
})

const EXPIRED = [
  'server/grants/refresh-token.ts',
  "throw new OAuthError('invalid_grant', 'The refresh token has expired')",
] as const
/** Errors that another part of the program catches, so no request is refused there. */
const CAUGHT = [
  ['client/token-manager.ts', "throw new TokenRequestRefused(401, 'Expired'"],
  ['server/authorization-request.ts', 'if (error instanceof OAuthError) throw new Authorization'],
]

test('the table has every refusal in the code of v05', () => {
  const known = [...OF_SERVER, ...OF_CLIENT, EXPIRED, ...CAUGHT].map(
    ([file, code]) => `${file}: ${code}`,
  )
  const refusals = listFiles(v05.folder)
    .filter((file) => isProgramCode(file) && file.endsWith('.ts'))
    .flatMap((file) => {
      const lines = readFileSync(join(v05.folder, file), 'utf8').split('\n')
      return lines.flatMap((text, index) => {
        const refuses =
          /throw (new |bad)|[ (]code\(4| (required)?[pP]arameter\(\w+(\.query)?, /.test(text)
        return refuses ? [`${file}: ${codeAt({ file, line: index + 1 })}`] : []
      })
    })
  const others = refusals.filter((refusal) => !known.some((start) => refusal.startsWith(start)))
  expect(others).toEqual([])
})

const PLAYGROUND = folderOfFile()

describe("in a learner's copy", () => {
  let copy: KnownVersion
  let addresses: Addresses
  let log: TrafficLog
  beforeAll(async () => {
    copyVersion('v05', join(PLAYGROUND, 'v05'))
    const file = join(PLAYGROUND, 'v05/server/routes/home.ts')
    const source = readFileSync(file, 'utf8')
    const edited = source.replace(
      'app.get(',
      `app.addHook('onRequest', async ({ url }) => {
    if (url.includes('hook')) throw new Error('The hook refuses')
  })
  app.setErrorHandler(async (error) => ({ without: 'a status', error: String(error) }))
  app.get(`,
    )
    writeFileSync(file, edited)
    copy = knownVersion('copy-v05', PLAYGROUND) as KnownVersion
    addresses = await freeAddresses()
    log = await start('server', addresses, {}, copy)
  })

  test('what a hook throws is found, too, and the response is the same as without the tap', async () => {
    const { message, place } = await refuse(get('/', [['a', 'hook']]), addresses, log)
    expect([message, place?.href]).toEqual([
      'The hook refuses',
      '/code/copy-v05/server/routes/home.ts#L10',
    ])
    expect(place?.code).toBe("if (url.includes('hook')) throw new Error('The hook refuses')")
    const { status } = await sendDraft(get('/', [['a', 'hook']]), addresses)
    expect(status).toBe(200)
  })

  test('a request without a route is refused by the code that all versions share', async () => {
    const { message, place } = await refuse(get('/nowhere'), addresses, log)
    expect([message, place?.file, place?.code]).toEqual(['', 'app.ts', 'reply.code(error.status)'])
    expect(place?.href).toMatch(/^\/code\/shared\/app\.ts#L\d+$/)
  })

  test('a body that is too large is refused by Fastify, by no line of the lab', async () => {
    const large = { ...token([]), body: { text: 'x'.repeat(20_000) } }
    expect(await refuse(large, addresses, log)).toEqual({
      message: 'Request body is too large',
      place: undefined,
    })
  })
})
