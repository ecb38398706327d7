import { describe, expect, test } from 'vitest'
import { ConfigError, portOf, readConfig } from '../config.ts'

const URLS = ['AUTH_SERVER_URL', 'CLIENT_URL', 'WORKSHOP_URL']
const LIFETIMES = ['CODE_TTL', 'ACCESS_TOKEN_TTL', 'REFRESH_TOKEN_TTL', 'SESSION_TTL']

/** What is said of a setting that can't be right. */
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
  test('are those of the contract where nothing is set, and an empty one is not set', () => {
    const names = [...URLS, ...LIFETIMES, 'CLIENT_ID', 'CLIENT_SECRET', 'SESSION_SECRET']
    const empty = Object.fromEntries(names.map((name) => [name, '']))
    for (const env of [{}, empty]) {
      expect(readConfig(env)).toEqual({
        authServerUrl: 'http://localhost:25000',
        clientUrl: 'http://localhost:25001',
        workshopUrl: 'http://localhost:25002',
        clientId: 'lab-client',
        clientSecret: 'lab-client-secret',
        codeTtl: 600,
        accessTokenTtl: undefined,
        refreshTokenTtl: 2_592_000,
        sessionTtl: 86_400,
        sessionSecret: expect.stringMatching(/^[\w-]{43}$/),
      })
    }
  })

  test('sign cookies with another key at each start', () => {
    expect(readConfig({}).sessionSecret).not.toBe(readConfig({}).sessionSecret)
  })

  test('are taken as they are set', () => {
    const sessionSecret = 'ü'.repeat(32)
    const env = {
      AUTH_SERVER_URL: 'https://auth.example',
      CLIENT_URL: 'http://127.0.0.1:8080/',
      WORKSHOP_URL: 'HTTP://[::1]:9000',
      CLIENT_ID: 'a client: +%',
      CLIENT_SECRET: ' : "\\~ ',
      CODE_TTL: '0.5',
      ACCESS_TOKEN_TTL: '.25',
      REFRESH_TOKEN_TTL: '10.',
      SESSION_TTL: '007',
      SESSION_SECRET: sessionSecret,
    }
    expect(readConfig(env)).toEqual({
      authServerUrl: 'https://auth.example',
      clientUrl: 'http://127.0.0.1:8080',
      workshopUrl: 'http://[::1]:9000',
      clientId: 'a client: +%',
      clientSecret: ' : "\\~ ',
      codeTtl: 0.5,
      accessTokenTtl: 0.25,
      refreshTokenTtl: 10,
      sessionTtl: 7,
      sessionSecret,
    })
  })

  test('make a program listen on the port of its address', () => {
    expect(portOf('http://localhost:25000')).toBe(25000)
    expect(portOf('http://localhost')).toBe(80)
    expect(portOf('https://localhost')).toBe(443)
  })
})

describe('a setting that can not be right', () => {
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
    test(`is told in one line: ${name} is no origin`, () => {
      for (const value of [...noOrigins, ...moreThanOrigins, ...wrongPorts, ...tricks]) {
        const line = complaint({ [name]: value })
        expect(line).toContain(`${name} holds ${JSON.stringify(value)}; it may hold an origin`)
        expect(line).not.toContain('\n')
      }
    })
  }

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
    test(`is told in one line: ${name} is no positive decimal number`, () => {
      for (const value of noSeconds) {
        const line = complaint({ [name]: value })
        expect(line).toContain(
          `${name} holds ${JSON.stringify(value)}; it may hold a positive decimal`,
        )
        expect(line).not.toContain('\n')
      }
    })
  }

  test('is told in one line: CLIENT_ID', () => {
    expect(complaint({ CLIENT_ID: 'ü' })).toBe(
      'CLIENT_ID holds "ü"; it may hold printable ASCII characters.',
    )
    expect(complaint({ CLIENT_ID: 'a\nb' })).toContain('CLIENT_ID holds "a\\nb"')
    expect(complaint({ CLIENT_ID: 'other-client' })).toContain('CLIENT_ID holds "other-client"')
  })

  test('is told without it where it is a secret', () => {
    for (const secret of ['geheim-ü', 'two\nlines', 'a tab\t', '\x7f']) {
      expect(complaint({ CLIENT_SECRET: secret })).toBe(
        `CLIENT_SECRET holds ${secret.length} characters; it may hold printable ASCII characters.`,
      )
    }
    expect(complaint({ SESSION_SECRET: 'x'.repeat(31) })).toMatch(
      /^SESSION_SECRET holds 31 characters; .*32/,
    )
  })

  test('is told in one line even if it is a long one', () => {
    expect(complaint({ CLIENT_URL: 'x'.repeat(100_000) }).length).toBeLessThan(250)
  })
})
