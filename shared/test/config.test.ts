import { describe, expect, test } from 'vitest'
import { isBlockedByBrowsers } from '../blocked-ports.ts'
import { ConfigError, parseEnvFile, portOf, readConfig } from '../config.ts'

const URLS = ['AUTH_SERVER_URL', 'CLIENT_URL', 'WORKSHOP_URL', 'API_URL']
const CLIENT_IDS = ['CLIENT_ID', 'WORKER_ID', 'API_ID']
const CLIENT_SECRETS = ['CLIENT_SECRET', 'WORKER_SECRET', 'API_SECRET']
const LIFETIMES = ['CODE_TTL', 'ACCESS_TOKEN_TTL', 'REFRESH_TOKEN_TTL', 'SESSION_TTL']

/** The error for an impossible setting. */
function complaint(settings: Record<string, string>): string {
  try {
    readConfig(settings)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error(`No complaint about ${JSON.stringify(settings)}`)
}

describe('the settings', () => {
  test("have the contract's defaults when nothing is set, and an empty setting counts as not set", () => {
    const names = [...URLS, ...LIFETIMES, ...CLIENT_IDS, ...CLIENT_SECRETS, 'SESSION_SECRET']
    const empty = Object.fromEntries(names.map((name) => [name, '']))
    for (const env of [{}, empty]) {
      expect(readConfig(env)).toEqual({
        authServerUrl: 'http://localhost:25000',
        clientUrl: 'http://localhost:25001',
        workshopUrl: 'http://localhost:25002',
        apiUrl: 'http://localhost:25003',
        clientId: 'lab-client',
        clientSecret: 'lab-client-secret',
        workerId: 'worker-client',
        workerSecret: 'worker-client-secret',
        apiId: 'api-server',
        apiSecret: 'api-server-secret',
        codeTtl: 600,
        accessTokenTtl: undefined,
        refreshTokenTtl: 2_592_000,
        sessionTtl: 86_400,
        sessionSecret: expect.stringMatching(/^[\w-]{43}$/),
      })
    }
  })

  test('sign cookies with a new key at each start', () => {
    expect(readConfig({}).sessionSecret).not.toBe(readConfig({}).sessionSecret)
  })

  test('are read as they are set', () => {
    const sessionSecret = 'ü'.repeat(32)
    const env = {
      AUTH_SERVER_URL: 'https://auth.example',
      CLIENT_URL: 'http://127.0.0.1:8080/',
      WORKSHOP_URL: 'HTTP://lab-1.example:9000',
      API_URL: 'http://api.example',
      CLIENT_ID: 'a client: +%',
      CLIENT_SECRET: ' : "\\~ ',
      WORKER_ID: 'lab-client',
      WORKER_SECRET: 'w',
      API_ID: 'worker-client',
      API_SECRET: 'a',
      CODE_TTL: '0.5',
      ACCESS_TOKEN_TTL: '.25',
      REFRESH_TOKEN_TTL: '10.',
      SESSION_TTL: '007',
      SESSION_SECRET: sessionSecret,
    }
    expect(readConfig(env)).toEqual({
      authServerUrl: 'https://auth.example',
      clientUrl: 'http://127.0.0.1:8080',
      workshopUrl: 'http://lab-1.example:9000',
      apiUrl: 'http://api.example',
      clientId: 'a client: +%',
      clientSecret: ' : "\\~ ',
      workerId: 'lab-client',
      workerSecret: 'w',
      apiId: 'worker-client',
      apiSecret: 'a',
      codeTtl: 0.5,
      accessTokenTtl: 0.25,
      refreshTokenTtl: 10,
      sessionTtl: 7,
      sessionSecret,
    })
  })

  test('make a program listen on the port in its address', () => {
    expect(portOf('http://localhost:25000')).toBe(25000)
    expect(portOf('http://localhost')).toBe(80)
    expect(portOf('https://localhost')).toBe(443)
  })
})

describe('an impossible setting', () => {
  const noOrigins = [
    'localhost:25000',
    'localhost',
    '25000',
    'ftp://localhost',
    'http://',
    '//localhost',
    'http:/localhost',
  ]
  const moreThanOrigins = ['/path', '//', '?', '?a=b', '#', ' ', '\n'].map(
    (end) => `http://localhost:25000${end}`,
  )
  const wrongPorts = [
    'http://localhost:0',
    'http://localhost:65536',
    'http://localhost:x',
    'http://:25000',
  ]
  const tricks = [
    ' http://localhost',
    'http://user@localhost',
    'http://a:b@localhost',
    'http://local host',
    'http:\\\\localhost',
  ]
  for (const name of URLS) {
    test(`is reported in one line: ${name} isn't an origin`, () => {
      for (const value of [...noOrigins, ...moreThanOrigins, ...wrongPorts, ...tricks]) {
        const line = complaint({ [name]: value })
        expect(line).toContain(`${name} is ${JSON.stringify(value)}. Set it to an origin`)
        expect(line).not.toContain('\n')
      }
    })
  }

  test('is reported in one line: a host that no content security policy can name', () => {
    for (const name of URLS) {
      for (const host of ['[::1]', '[fe80::1]', 'my_host', '*', 'a;b', "'self'"]) {
        const value = `http://${host}:26001`
        expect(complaint({ [name]: value })).toBe(
          `${name} is "${value}". Set it to an origin whose host has only letters, digits, dots and hyphens, not an IPv6 address.`,
        )
      }
    }
  })

  test('is reported in one line: a port that browsers refuse', () => {
    for (const name of URLS) {
      for (const port of [1, 6000, 6665, 10080]) {
        const value = `http://localhost:${port}`
        expect(complaint({ [name]: value })).toBe(
          `${name} is "${value}". Set it to an origin with another port: browsers block port ${port}.`,
        )
      }
    }
  })

  const noSeconds = [
    '0',
    '0.0',
    '-1',
    '+1',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '1,5',
    '1.5.5',
    '.',
    ' 5',
    '5 ',
    '5s',
    'soon',
    '9'.repeat(70),
  ]
  for (const name of LIFETIMES) {
    test(`is reported in one line: ${name} isn't a positive decimal number`, () => {
      for (const value of noSeconds) {
        const line = complaint({ [name]: value })
        expect(line).toContain(`${name} is ${JSON.stringify(value)}. Set it to a positive`)
        expect(line).not.toContain('\n')
      }
    })
  }

  for (const name of CLIENT_IDS) {
    test(`is reported in one line: ${name} has a character that isn't allowed`, () => {
      expect(complaint({ [name]: 'ü' })).toBe(
        `${name} is "ü". Set it to printable ASCII characters only.`,
      )
      expect(complaint({ [name]: 'a\nb' })).toContain(`${name} is "a\\nb"`)
    })

    test(`is reported in one line: ${name} is the name of a user or of another client`, () => {
      const ids = { CLIENT_ID: 'lab-client', WORKER_ID: 'worker-client', API_ID: 'api-server' }
      const taken = ['user0', 'user1', 'other-client', 'lab-cli', ...Object.values(ids)]
      for (const value of taken.filter((id) => ids[name as keyof typeof ids] !== id)) {
        expect(complaint({ [name]: value })).toBe(
          `${name} is "${value}". Set it to a name that no user and no other client has.`,
        )
      }
    })
  }

  test('is reported in one line: two clients have the same name', () => {
    expect(complaint({ WORKER_ID: 'one', API_ID: 'one' })).toContain('WORKER_ID is "one"')
  })

  test('is reported without its value if it is a secret', () => {
    for (const secret of ['geheim-ü', 'two\nlines', 'a tab\t', '\x7f']) {
      for (const name of CLIENT_SECRETS) {
        expect(complaint({ [name]: secret })).toBe(
          `${name} is a secret of ${secret.length} characters. Set it to printable ASCII characters only.`,
        )
      }
    }
    expect(complaint({ SESSION_SECRET: 'x'.repeat(31) })).toMatch(
      /^SESSION_SECRET is a secret of 31 characters\. .*32/,
    )
  })

  test('is reported in one line even if it is long', () => {
    expect(complaint({ CLIENT_URL: 'x'.repeat(100_000) }).length).toBeLessThan(250)
  })
})

describe('.env', () => {
  test('may have quoted values, comments and any line endings', () => {
    const text = '# a comment\nCODE_TTL=2 # two\nSESSION_TTL=3\r\nCLIENT_SECRET="a # b"\n'
    expect(parseEnvFile(Buffer.from(text))).toEqual({
      CODE_TTL: '2',
      SESSION_TTL: '3',
      CLIENT_SECRET: 'a # b',
    })
  })

  test('may start with a byte order mark', () => {
    const bytes = Buffer.from('\ufeffACCESS_TOKEN_TTL=20\nCODE_TTL=ü\n')
    expect(parseEnvFile(bytes)).toEqual({ ACCESS_TOKEN_TTL: '20', CODE_TTL: 'ü' })
  })

  test('in UTF-16 is reported in one line, with or without a byte order mark', () => {
    for (const start of ['\ufeff', '']) {
      const littleEndian = Buffer.from(`${start}ACCESS_TOKEN_TTL=20\n`, 'utf16le')
      const bigEndian = Buffer.from(littleEndian).swap16()
      for (const bytes of [littleEndian, bigEndian]) {
        expect(() => parseEnvFile(bytes)).toThrow(
          new ConfigError('.env is in UTF-16, which some Windows shells write. Save it as UTF-8.'),
        )
      }
    }
  })
})

test('the ports that browsers refuse are those that fetch refuses', async () => {
  // Sends nothing: a request that passes fetch's own rules ends here.
  const dispatcher = {
    dispatch: () => {
      throw new Error('allowed')
    },
  }
  const refused = async (port: number) => {
    const options = { dispatcher } as unknown as RequestInit
    const { cause } = await fetch(`http://localhost:${port}`, options).catch((error) => error)
    return cause?.message === 'bad port'
  }
  for (let port = 1; port < 11_000; port++) {
    expect(isBlockedByBrowsers(port), String(port)).toBe(await refused(port))
  }
})
