import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { basename } from 'node:path'
import {
  Browser,
  html,
  type Page,
  redirectQuery,
  textOf,
} from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { fakeServer } from '@oauth-lab/shared/testing/hooks.ts'
import {
  ACCESS_TOKEN,
  basic,
  type Fields,
  type Lab,
  startLab,
} from '@oauth-lab/shared/testing/lab.ts'
import {
  type Exchange,
  recorded,
  tokenRequests,
  unsoundAnswers,
} from '@oauth-lab/shared/testing/recorder.ts'
import { folder, snapshot, until } from '@oauth-lab/shared/testing/snapshot.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

// The promises of the code flow. Every later version keeps them too, so requests made by hand carry
// every parameter that any version knows, and a login starts at the client's /login.

const FORM = 'application/x-www-form-urlencoded'
/** The same type, written in other ways. */
const FORM_TYPES = [FORM.toUpperCase(), `${FORM};charset=utf-8`, `${FORM} \t; Charset="UTF-8"`]
const OTHER = {
  client_id: 'other-client',
  client_secret: 'other-client-secret',
  redirect_uri: 'http://localhost:25009/callback?from=other',
}
/** RFC 6749 section 4.1.2.1 and 5.2: printable ASCII without quotes and backslashes. */
const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/
const KIBIBYTE = 1024
/** The login form, filled in with the right password. */
const PASSWORD = 'username=user0&password=password0'

const seen: Exchange[] = []
const programs = recorded(snapshot, seen)
let lab: Lab

beforeAll(async () => {
  lab = await startLab(programs)
})
afterAll(() => lab.close())

/** The address of an authorization request: valid except for the changes, or for what is added at its end. */
function authorizeUrl(change: Fields | string): string {
  return typeof change === 'string' ? `${lab.authorizeUrl()}&${change}` : lab.authorizeUrl(change)
}

/** The body of a token request: valid except for what is added at its end. */
function redeemBody(code: string, added = ''): string {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: lab.redirectUri,
    code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  })
  return `${form}${added}`
}

function rightHeaders(): Record<string, string> {
  const { clientId, clientSecret } = lab.config
  return { 'content-type': FORM, authorization: basic(clientId, clientSecret) }
}

/** Posts a body as a new browser does. */
function post(url: string, body: string, headers: Fields = { 'content-type': FORM }) {
  return new Browser().open(url, { method: 'POST', headers, body })
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

describe('a login', () => {
  test('starts with a link at the client, which sends the browser to the server with its client_id', async () => {
    const browser = new Browser()
    const home = await browser.open(lab.clientUrl)
    expect(home.status).toBe(200)
    const link = html(home).querySelector('a[href="/login"]')
    expect(link?.text).toBe('Start authorization')

    const begun = await browser.open(`${lab.clientUrl}/login`)
    expect(begun.status).toBe(302)
    const { origin, pathname, searchParams } = new URL(begun.location ?? '')
    expect(origin + pathname).toBe(`${lab.serverUrl}/authorize`)
    expect(searchParams.get('response_type')).toBe('code')
    expect(searchParams.get('client_id')).toBe('lab-client')
    expect(searchParams.get('redirect_uri')).toBe(lab.redirectUri)
  })

  test('ends at the client, which has exchanged the code for a token over the back channel', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    const before = tokenRequests(seen).length
    const end = await browser.visit(callback)
    expect(end.status).toBe(200)
    expect(new URL(end.url).origin).toBe(lab.clientUrl)

    const [exchange, ...more] = tokenRequests(seen).slice(before)
    expect(more).toEqual([])
    expect(exchange?.status).toBe(200)
    expect(exchange?.requestHeaders.authorization).toMatch(/^Basic /)
    expect(exchange?.form).toMatchObject({
      grant_type: 'authorization_code',
      code: new URL(callback).searchParams.get('code'),
      redirect_uri: lab.redirectUri,
    })
    expect(exchange?.form).not.toHaveProperty('client_secret')
  })

  test('shows the password only to the server', async () => {
    const before = seen.length
    await lab.login(new Browser(), 'user1')
    const [posted, ...rest] = seen.slice(before).filter(({ form }) => form?.password !== undefined)
    expect(posted).toMatchObject({ program: 'server', method: 'POST', form: { username: 'user1' } })
    expect(rest).toEqual([])
    const elsewhere = seen.slice(before).map((exchange) => ({ ...exchange, form: undefined }))
    expect(JSON.stringify(elsewhere)).not.toContain('password1')
  })

  test('gets a new code and a new token each time, which no one can guess', async () => {
    const codes = [await lab.code(), await lab.code(), await lab.code()]
    const tokens = []
    for (const code of codes) tokens.push((await lab.redeem(code)).body.access_token)
    expect(new Set([...codes, ...tokens]).size).toBe(6)
    for (const code of codes) expect(code).toMatch(/^[\w-]{43}$/)
    for (const token of tokens) expect(token).toMatch(ACCESS_TOKEN)
  })

  test('works with a client name and a secret made of spaces, colons, percent and plus signs', async () => {
    const CLIENT_ID = 'a client: 100%25 + more'
    const CLIENT_SECRET = ' colon: blank percent% %41 plus+ "quoted" \\ &=?/~ '
    const odd = await startLab(programs, { CLIENT_ID, CLIENT_SECRET })
    onTestFinished(() => odd.close())
    expect((await odd.login(new Browser())).status).toBe(200)

    const inHeader = await odd.redeem(await odd.code())
    expect(inHeader.status).toBe(200)

    const credentials = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET }
    const inBody = await odd.redeem(await odd.code(), credentials, { authorization: undefined })
    expect(inBody.status).toBe(200)

    // A form encodes a space as a plus, which encodeURIComponent doesn't.
    const [name, secret] = [CLIENT_ID, CLIENT_SECRET].map((text) => {
      return new URLSearchParams({ text }).toString().slice('text='.length)
    })
    const authorization = `Basic ${base64(`${name}:${secret}`)}`
    const withPlus = await odd.redeem(await odd.code(), {}, { authorization })
    expect(withPlus.status).toBe(200)

    // Without the form encoding, the same secret is wrong.
    const raw = `Basic ${base64(`${CLIENT_ID}:${CLIENT_SECRET}`)}`
    const unencoded = await odd.redeem(await odd.code(), {}, { authorization: raw })
    expect(unencoded).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })
})

describe('the login form', () => {
  test('asks for a user name and a password and nothing else, and posts them to the same address', async () => {
    const page = await new Browser().open(lab.authorizeUrl())
    expect(page.status).toBe(200)
    const forms = html(page).querySelectorAll('form')
    expect(forms).toHaveLength(1)
    expect(forms[0]?.getAttribute('method')?.toLowerCase()).toBe('post')
    const action = forms[0]?.getAttribute('action') ?? page.url
    expect(new URL(action, page.url).href).toBe(page.url)
    const names = html(page)
      .querySelectorAll('input[name]')
      .map((field) => field.getAttribute('name'))
    expect(names).toEqual(['username', 'password'])
  })

  test('names the client that sent the browser', async () => {
    const { client_id, redirect_uri } = OTHER
    expect(textOf(await new Browser().open(lab.authorizeUrl()), 'main')).toContain('lab-client')
    const other = await new Browser().open(lab.authorizeUrl({ client_id, redirect_uri }))
    expect(textOf(other, 'main')).toContain('other-client')
    expect(textOf(other, 'main')).toContain('http://localhost:25009')
  })

  test('ignores unknown parameters, however often they come', async () => {
    for (const added of ['y', 'x=1&x=2&x', '__proto__=1&constructor=2', '&&=&=1']) {
      expect((await new Browser().open(authorizeUrl(added))).status, added).toBe(200)
      expect(redirectQuery(await lab.postPassword(authorizeUrl(added))).code, added).toBeDefined()
    }
  })

  test('ignores a parameter that comes a second time without a value, which counts as absent', async () => {
    for (const added of ['client_id=', 'redirect_uri', 'response_type=&response_type=', 'state=']) {
      expect((await new Browser().open(authorizeUrl(added))).status, added).toBe(200)
    }
  })
})

describe('the authorization endpoint shows the error and does not redirect', () => {
  const unknownClients: [string, Fields | string][] = [
    ['without a client_id', { client_id: undefined }],
    ['with an empty client_id', { client_id: '' }],
    ['with two client_ids', 'client_id=other-client'],
    ['with the same client_id twice', 'client_id=lab-client'],
    ['with a client_id that is not UTF-8', 'client_id=%FF'],
    ['with an unknown client_id', { client_id: 'nobody' }],
    ['with a client_id in capitals', { client_id: 'LAB-CLIENT' }],
    ['with a client_id that only starts right', { client_id: 'lab-client2' }],
    ['with a space after the client_id', { client_id: 'lab-client ' }],
    ['with a NUL after the client_id', { client_id: 'lab-client\0' }],
    ['with a client_id that is a key of every object', { client_id: '__proto__' }],
    ['with a client_id in brackets', { client_id: undefined, 'client_id[]': 'lab-client' }],
    ['with an unknown client_id and other faults', { client_id: 'x', response_type: 'x' }],
  ]
  for (const [sentence, change] of unknownClients) {
    test(sentence, () => expectPage(authorizeUrl(change), 'client_id'))
  }

  const wrongUris: [string, Fields | string][] = [
    ['without a redirect URI', { redirect_uri: undefined }],
    ['with an empty redirect URI', { redirect_uri: '' }],
    ['with two redirect URIs', 'redirect_uri=https://evil.example/'],
    ['with a redirect URI that is not UTF-8', 'redirect_uri=%C3'],
    ['with the redirect URI of another client', { redirect_uri: OTHER.redirect_uri }],
    ['with another client and the redirect URI of this one', { client_id: OTHER.client_id }],
    ['with a wrong redirect URI and other faults', { redirect_uri: 'x', response_type: 'x' }],
  ]
  for (const [sentence, change] of wrongUris) {
    test(sentence, () => expectPage(authorizeUrl(change), 'redirect_uri'))
  }

  const nearMisses: [string, (uri: string) => string][] = [
    ['at another host', () => 'https://evil.example/callback'],
    ['with a slash at the end', (uri) => `${uri}/`],
    ['with a query', (uri) => `${uri}?`],
    ['with a parameter', (uri) => `${uri}?next=/`],
    ['with a fragment', (uri) => `${uri}#`],
    ['with a longer path', (uri) => `${uri}/more`],
    ['with a path that only starts the same', (uri) => `${uri}2`],
    ['that lacks its path', (uri) => new URL(uri).origin],
    ['with a path through another folder', (uri) => uri.replace('/callback', '/x/../callback')],
    ['with a dot in its path', (uri) => uri.replace('/callback', '/./callback')],
    ['with two slashes', (uri) => uri.replace('/callback', '//callback')],
    ['with a path in capitals', (uri) => uri.replace('callback', 'Callback')],
    ['with a letter percent-encoded', (uri) => uri.replace('callback', '%63allback')],
    ['with a host in capitals', (uri) => uri.replace('localhost', 'LOCALHOST')],
    ['with an IP address as the host', (uri) => uri.replace('localhost', '127.0.0.1')],
    ['with a dot after the host', (uri) => uri.replace('localhost', 'localhost.')],
    ['on a host that only starts the same', (uri) => uri.replace('localhost', 'localhost.test')],
    ['on a host that only ends the same', (uri) => uri.replace('localhost', 'evil-localhost')],
    ['with the host as a user name', (uri) => uri.replace('//', '//localhost@evil.example:80/')],
    ['with a user name', (uri) => uri.replace('//', '//user@')],
    ['on another port', (uri) => uri.replace(/:\d+/, ':1')],
    ['without its port', (uri) => uri.replace(/:\d+/, '')],
    ['with a zero before its port', (uri) => uri.replace(/:(\d+)/, ':0$1')],
    ['over https', (uri) => uri.replace('http:', 'https:')],
    ['with a scheme in capitals', (uri) => uri.replace('http:', 'HTTP:')],
    ['without a scheme', (uri) => uri.replace('http:', '')],
    ['with a scheme that runs script', (uri) => uri.replace('http:', 'javascript:')],
    ['with backslashes', (uri) => uri.replaceAll('/', '\\')],
    ['with a space before it', (uri) => ` ${uri}`],
    ['with a line break after it', (uri) => `${uri}\r\nSet-Cookie: a=b`],
    ['with a NUL after it', (uri) => `${uri}\0`],
    ['that is encoded twice', (uri) => encodeURIComponent(uri)],
  ]
  for (const [sentence, change] of nearMisses) {
    test(`with a redirect URI ${sentence}`, () => {
      return expectPage(lab.authorizeUrl({ redirect_uri: change(lab.redirectUri) }), 'redirect_uri')
    })
  }

  test('with a registered redirect URI that lacks part of its query, or has more', async () => {
    const { client_id, redirect_uri } = OTHER
    for (const wrong of [redirect_uri.replace(/\?.*/, ''), `${redirect_uri}&a=b`]) {
      await expectPage(lab.authorizeUrl({ client_id, redirect_uri: wrong }), 'redirect_uri')
    }
  })

  async function expectPage(url: string, which: string): Promise<void> {
    for (const page of [await new Browser().open(url), await lab.postPassword(url)]) {
      expect(page.status).toBe(400)
      expect(page.location).toBeUndefined()
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
      expect(textOf(page, '[role=alert]')).toContain(which)
      expect(html(page).querySelector('form')).toBeNull()
    }
  }
})

describe('the authorization endpoint redirects with an error', () => {
  const rows: [string, Fields | string, string][] = [
    ['without a response_type', { response_type: undefined }, 'invalid_request'],
    ['with an empty response_type', { response_type: '' }, 'invalid_request'],
    ['with two response_types', 'response_type=token', 'invalid_request'],
    ['with the same response_type twice', 'response_type=code', 'invalid_request'],
    ['with a response_type that is not UTF-8', 'response_type=%FF', 'invalid_request'],
    ['with response_type=token', { response_type: 'token' }, 'unsupported_response_type'],
    ['with response_type=CODE', { response_type: 'CODE' }, 'unsupported_response_type'],
    ['with two types in one', { response_type: 'code token' }, 'unsupported_response_type'],
    ['with a space before the type', { response_type: ' code' }, 'unsupported_response_type'],
  ]
  for (const [sentence, change, error] of rows) {
    test(sentence, async () => {
      const url = authorizeUrl(change)
      for (const page of [await new Browser().open(url), await lab.postPassword(url)]) {
        expect([302, 303]).toContain(page.status)
        expect(page.location?.split('?')[0]).toBe(lab.redirectUri)
        const answer = redirectQuery(page)
        expect(answer.error).toBe(error)
        expect(answer.error_description).toMatch(DESCRIPTION)
        expect(answer).not.toHaveProperty('code')
      }
    })
  }

  test('and keeps the query of the redirect URI', async () => {
    const { client_id, redirect_uri } = OTHER
    const page = await new Browser().open(
      lab.authorizeUrl({ client_id, redirect_uri, response_type: 'token' }),
    )
    expect(page.location).toMatch(/^http:\/\/localhost:25009\/callback\?/)
    expect(redirectQuery(page)).toMatchObject({ from: 'other', error: 'unsupported_response_type' })
  })
})

describe('a password', () => {
  test('that is right sends the browser to the redirect URI with a code and without the password', async () => {
    const page = await lab.postPassword(lab.authorizeUrl())
    // RFC 9700 section 4.12: after a 307 the browser would post the password to the client.
    expect(page.status).toBe(303)
    expect(page.location?.split('?')[0]).toBe(lab.redirectUri)
    expect(redirectQuery(page).code).toMatch(/^[\w-]{43}$/)
    expect(redirectQuery(page)).not.toHaveProperty('error')
  })

  test('that is right keeps the query of the redirect URI', async () => {
    const { client_id, redirect_uri } = OTHER
    const page = await lab.postPassword(lab.authorizeUrl({ client_id, redirect_uri }))
    expect(page.location).toMatch(/^http:\/\/localhost:25009\/callback\?/)
    expect(redirectQuery(page)).toMatchObject({ from: 'other', code: expect.any(String) })
  })

  const wrong: [string, string][] = [
    ['of another user', 'username=user0&password=password1'],
    ['in capitals', 'username=user0&password=PASSWORD0'],
    ['that is empty', 'username=user0&password='],
    ['that is missing', 'username=user0'],
    ['that only starts right', 'username=user0&password=password'],
    ['with a space after it', 'username=user0&password=password0%20'],
    ['that comes twice', 'username=user0&password=password0&password=password0'],
    ['of a user that comes twice', 'username=user0&username=user0&password=password0'],
    ['of an unknown user', 'username=nobody&password=password0'],
    ['of a user in capitals', 'username=USER0&password=password0'],
    ['in an empty form', ''],
    ['that is empty, with an empty user name', 'username=&password='],
    ['that is a key of every object', 'username=__proto__&password=__proto__'],
    ['in broken percent-encoding', 'username=%&password=%FF'],
  ]
  for (const [sentence, body] of wrong) {
    test(`${sentence} shows the form again`, async () => {
      const page = await post(lab.authorizeUrl(), body)
      expect(page.location).toBeUndefined()
      expect(page.status).toBe(401)
      expect(textOf(page, '[role=alert]')).not.toBe('')
      expect(html(page).querySelector('form')).not.toBeNull()
      // A challenge would make a browser open its own password dialog.
      expect(page.headers).not.toHaveProperty('www-authenticate')
    })
  }

  test("that is wrong isn't in the form shown again, but the user name is", async () => {
    const browser = new Browser()
    const form = await browser.open(lab.authorizeUrl())
    const page = await browser.submit(form, { username: 'somebody', password: 'hunter22' })
    expect(page.status).toBe(401)
    expect(html(page).querySelector('[name=username]')?.getAttribute('value')).toBe('somebody')
    expect(page.body).not.toContain('hunter22')

    const second = await browser.submit(page, { username: 'user0', password: 'password0' })
    expect(redirectQuery(await browser.answerForms(second, {})).code).toBeDefined()
  })

  const noForms: [string, string | undefined, string][] = [
    ['of JSON', 'application/json', '{"username":"user0","password":"password0"}'],
    ['of plain text', 'text/plain', PASSWORD],
    ['of no type', undefined, PASSWORD],
    ['of a type that only starts the same', `${FORM}2`, PASSWORD],
    ['of a malformed type', 'form', PASSWORD],
    ['of a multipart form', 'multipart/form-data; boundary=x', '--x--'],
  ]
  for (const [sentence, type, body] of noForms) {
    test(`in a body ${sentence} shows the form again and is ignored`, async () => {
      const page = await post(lab.authorizeUrl(), body, { 'content-type': type })
      expect(page.status).toBe(400)
      expect(page.location).toBeUndefined()
      expect(html(page).querySelector('form')).not.toBeNull()
    })
  }

  test('in the query is ignored', async () => {
    expect((await post(authorizeUrl(PASSWORD), 'a=b')).status).toBe(401)
  })

  test('in a form whose type has capitals and a charset is accepted', async () => {
    for (const type of FORM_TYPES) {
      const page = await post(lab.authorizeUrl(), PASSWORD, { 'content-type': type })
      expect(page.status, type).toBe(303)
    }
  })
})

describe('the token endpoint accepts a code', () => {
  test('and returns a bearer token with its lifetime', async () => {
    const { status, headers, body } = await lab.redeem(await lab.code())
    expect(status).toBe(200)
    expect(headers['content-type']).toMatch(/^application\/json\b/)
    expect(headers['cache-control']).toBe('no-store')
    expect(headers.pragma).toBe('no-cache')
    expect(body.token_type).toBe('Bearer')
    expect(body.access_token).toMatch(ACCESS_TOKEN)
    expect(body.expires_in).toSatisfy((seconds) => Number.isInteger(seconds) && Number(seconds) > 0)
  })

  const right = basic('lab-client', 'lab-client-secret')
  const unneeded = `Basic ${base64('lab%2Dclient:lab%2dclient%2Dsecret')}`
  const inBody = { client_id: 'lab-client', client_secret: 'lab-client-secret' }
  const ways: [string, Fields, Fields][] = [
    ['with HTTP Basic', {}, { authorization: right }],
    ['with HTTP Basic in lowercase', {}, { authorization: right.replace('Basic', 'basic') }],
    ['with HTTP Basic in capitals', {}, { authorization: right.replace('Basic', 'BASIC') }],
    ['with more percent-encoding than it needs', {}, { authorization: unneeded }],
    ['with HTTP Basic, and repeats its client_id in the body', { client_id: 'lab-client' }, {}],
    ['in the body', inBody, { authorization: undefined }],
  ]
  for (const [sentence, changes, headers] of ways) {
    test(`from a client that authenticates ${sentence}`, async () => {
      expect((await lab.redeem(await lab.code(), changes, headers)).status).toBe(200)
    })
  }

  test('from each registered client, if the code is its own', async () => {
    const { client_id, client_secret, redirect_uri } = OTHER
    const code = await lab.code({ client_id, redirect_uri })
    const headers = { authorization: basic(client_id, client_secret) }
    expect((await lab.redeem(code, { redirect_uri }, headers)).status).toBe(200)
  })

  test('in a form whose type has any case, with or without a charset', async () => {
    for (const type of FORM_TYPES) {
      const headers = { ...rightHeaders(), 'content-type': type }
      const { status } = await lab.tokenRaw(redeemBody(await lab.code()), headers)
      expect(status, type).toBe(200)
    }
  })

  test('and ignores unknown parameters, and ones that come a second time without a value', async () => {
    const unknown = '&scope=a&scope=b&__proto__=1&__proto__=2&x&x=&&='
    for (const added of [unknown, '&code=&redirect_uri&grant_type=&client_id=&client_secret=']) {
      const { status } = await lab.tokenRaw(redeemBody(await lab.code(), added), rightHeaders())
      expect(status, added).toBe(200)
    }
  })

  test('ten minutes after the login, but no later', async () => {
    const early = await lab.code()
    passTime(590)
    expect((await lab.redeem(early)).status).toBe(200)

    const late = await lab.code()
    passTime(601)
    expect(await lab.redeem(late)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('for as long as the settings say, and gives the lifetime in whole seconds', async () => {
    const short = await startLab(programs, { CODE_TTL: '99.5', ACCESS_TOKEN_TTL: '0.5' })
    onTestFinished(() => short.close())
    const [code, late] = [await short.code(), await short.code()]
    passTime(90)
    expect(await short.redeem(code)).toMatchObject({ status: 200, body: { expires_in: 1 } })
    passTime(10)
    const expired = await short.redeem(late)
    expect(expired).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })
})

describe('the token endpoint rejects a client', () => {
  const right = base64('lab-client:lab-client-secret')
  const headers: [string, string | undefined][] = [
    ['without credentials', undefined],
    ['with an empty Basic header', 'Basic'],
    ['with only a space after Basic', 'Basic '],
    ["with something that isn't base64", 'Basic !!!'],
    ['with credentials in plain text', 'Basic lab-client:lab-client-secret'],
    ['with letters after the base64', `Basic ${right}!`],
    ['with more after a space', `Basic ${right} x`],
    ['with a tab before the base64', `Basic \t${right}`],
    ['with credentials that are encoded twice', `Basic ${base64(right)}`],
    ['with only a name', `Basic ${base64('lab-client')}`],
    ['with an empty secret', `Basic ${base64('lab-client:')}`],
    ['with an empty name', `Basic ${base64(':lab-client-secret')}`],
    ['with only a colon', `Basic ${base64(':')}`],
    ['with a wrong secret', `Basic ${base64('lab-client:wrong')}`],
    ['with a secret that only starts right', `Basic ${base64('lab-client:lab-client-secre')}`],
    ['with a longer secret', `Basic ${base64('lab-client:lab-client-secret2')}`],
    ['with a colon after the secret', `Basic ${base64('lab-client:lab-client-secret:')}`],
    ['with a line break after the secret', `Basic ${base64('lab-client:lab-client-secret\n')}`],
    ['with a secret in capitals', `Basic ${base64('lab-client:LAB-CLIENT-SECRET')}`],
    ['with a name in capitals', `Basic ${base64('LAB-CLIENT:lab-client-secret')}`],
    ['with a space before the name', `Basic ${base64(' lab-client:lab-client-secret')}`],
    ['with a plus before the name', `Basic ${base64('+lab-client:lab-client-secret')}`],
    ['with the secret of another client', `Basic ${base64('lab-client:other-client-secret')}`],
    ['with an unknown name', `Basic ${base64('nobody:lab-client-secret')}`],
    ['with an unknown name and no secret', `Basic ${base64('nobody:')}`],
    ['with keys of every object', `Basic ${base64('__proto__:constructor')}`],
    ['with a broken percent sign', `Basic ${base64('lab-client:lab-client-secret%')}`],
    ['with a broken percent sign in the name', `Basic ${base64('%zz:lab-client-secret')}`],
    ["with bytes that aren't UTF-8", `Basic ${Buffer.from([0xff, 0x3a, 0xfe]).toString('base64')}`],
    ["with percent-encoded bytes that aren't UTF-8", `Basic ${base64('%FF:%FE')}`],
    ['with a NUL', `Basic ${base64('lab-client\0:lab-client-secret')}`],
    ['with credentials of another scheme', `Bearer ${right}`],
    ['with a scheme that only starts the same', `Basics ${right}`],
    ['without a space after the scheme', `Basic${right}`],
  ]

  test('with 401 and a challenge when its credentials are wrong, and leaves the code usable', async () => {
    const code = await lab.code()
    for (const [sentence, authorization] of headers) {
      expectInvalidClient(await lab.redeem(code, {}, { authorization }), sentence)
    }
    expect((await lab.redeem(code)).status).toBe(200)
  })

  test("whose name is in the body and whose header can't be read", async () => {
    const unreadable = ['Basic', 'Basic !!!', `Basic ${base64('lab-client')}`, undefined]
    for (const authorization of unreadable) {
      const answer = await lab.redeem('a-code', { client_id: 'lab-client' }, { authorization })
      expectInvalidClient(answer, `${authorization}`)
    }
  })

  test('with wrong credentials in the body', async () => {
    const credentials: Fields[] = [
      { client_id: 'lab-client' },
      { client_secret: 'lab-client-secret' },
      { client_id: 'lab-client', client_secret: '' },
      { client_id: 'lab-client', client_secret: 'wrong' },
      { client_id: 'lab-client', client_secret: 'other-client-secret' },
      { client_id: 'lab-client', client_secret: 'lab%2Dclient%2Dsecret' },
      { client_id: 'nobody', client_secret: 'lab-client-secret' },
      { client_id: '__proto__', client_secret: 'constructor' },
    ]
    for (const wrong of credentials) {
      const answer = await lab.redeem('a-code', wrong, { authorization: undefined })
      expectInvalidClient(answer, JSON.stringify(wrong))
    }
  })

  test('with credentials in the query', async () => {
    const query = 'client_id=lab-client&client_secret=lab-client-secret'
    const page = await post(`${lab.serverUrl}/token?${query}`, redeemBody(await lab.code()))
    expect(page.status).toBe(401)
  })

  test('that authenticates in two ways at once, even if both are right', async () => {
    const code = await lab.code()
    for (const client_secret of ['lab-client-secret', 'wrong']) {
      for (const client_id of ['lab-client', undefined]) {
        const answer = await lab.redeem(code, { client_id, client_secret })
        expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      }
    }
    expect((await lab.redeem(code)).status).toBe(200)
  })

  test('that has one name in the header and another in the body', async () => {
    const answer = await lab.redeem('a-code', { client_id: 'other-client' })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test('that sends its name or its secret twice', async () => {
    const { authorization: _, ...headers } = rightHeaders()
    const credentials = '&client_id=lab-client&client_secret=lab-client-secret'
    for (const twice of ['&client_id=lab-client', '&client_secret=lab-client-secret']) {
      const answer = await lab.tokenRaw(redeemBody('a-code', credentials + twice), headers)
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
  })

  function expectInvalidClient(answer: Awaited<ReturnType<Lab['token']>>, sentence: string): void {
    expect(answer.status, sentence).toBe(401)
    expect(answer.body.error, sentence).toBe('invalid_client')
    expect(answer.body.error_description, sentence).toMatch(DESCRIPTION)
    expect(answer.headers['www-authenticate'], sentence).toMatch(/^Basic realm="/)
  }
})

describe('the token endpoint rejects a request', () => {
  const rows: [string, string, string][] = [
    ['without a grant_type', 'code=x&redirect_uri=x', 'invalid_request'],
    ['with an empty grant_type', 'grant_type=&code=x&redirect_uri=x', 'invalid_request'],
    ['with two grant_types', 'grant_type=authorization_code&grant_type=x', 'invalid_request'],
    ['with another grant_type', `grant_type=password&${PASSWORD}`, 'unsupported_grant_type'],
    ['with a grant_type in capitals', 'grant_type=AUTHORIZATION_CODE', 'unsupported_grant_type'],
    ['with a key of every object', 'grant_type=__proto__', 'unsupported_grant_type'],
    ['with an empty form', ' ', 'invalid_request'],
  ]
  for (const [sentence, body, error] of rows) {
    test(sentence, async () => {
      const answer = await lab.tokenRaw(body, rightHeaders())
      expect(answer).toMatchObject({ status: 400, body: { error } })
      expect(answer.body.error_description).toMatch(DESCRIPTION)
    })
  }

  test('that lacks a parameter or has one twice, and leaves the code usable', async () => {
    const code = await lab.code()
    const twice = ['code=x', `code=${code}`, 'redirect_uri=x', 'grant_type=authorization_code']
    const answers = [
      await lab.redeem(code, { redirect_uri: undefined }),
      await lab.redeem(code, { redirect_uri: '' }),
      await lab.redeem(code, { code: undefined }),
      await lab.redeem(code, { code: '' }),
      await lab.redeem(code, { grant_type: undefined }),
    ]
    for (const added of twice) {
      answers.push(await lab.tokenRaw(redeemBody(code, `&${added}`), rightHeaders()))
    }
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
    expect((await lab.redeem(code)).status).toBe(200)
  })

  test('whose parameters are in the query', async () => {
    const query = redeemBody(await lab.code())
    const page = await post(`${lab.serverUrl}/token?${query}`, 'a=b', rightHeaders())
    expect(page.status).toBe(400)
    expect(JSON.parse(page.body).error).toBe('invalid_request')
  })

  test("whose body isn't a form", async () => {
    const code = await lab.code()
    const types = ['application/json', 'text/plain', 'multipart/form-data', `${FORM}2`, 'form', '']
    for (const type of types) {
      const headers = { ...rightHeaders(), 'content-type': type }
      const answer = await lab.tokenRaw(redeemBody(code), headers)
      expect(answer, type).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(answer.headers['cache-control']).toBe('no-store')
    }
    const { 'content-type': _, ...withoutType } = rightHeaders()
    const answer = await lab.tokenRaw(redeemBody(code), withoutType)
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    const json = await lab.tokenRaw('{', { ...rightHeaders(), 'content-type': 'application/json' })
    expect(json).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect((await lab.redeem(code)).status).toBe(200)
  })

  test('and reports the first of many errors, in this order: body, client, grant type, parameters, grant', async () => {
    const form = { 'content-type': FORM }
    const steps: [string, Fields, string][] = [
      ['grant_type=x', { 'content-type': 'text/plain' }, 'invalid_request'],
      ['grant_type=x', form, 'invalid_client'],
      ['code=x&code=x', form, 'invalid_client'],
      ['grant_type=x', rightHeaders(), 'unsupported_grant_type'],
      ['grant_type=authorization_code&code=x', rightHeaders(), 'invalid_request'],
      [redeemBody('x'), rightHeaders(), 'invalid_grant'],
    ]
    for (const [body, headers, error] of steps) {
      expect((await lab.tokenRaw(body, headers)).body.error).toBe(error)
    }
  })
})

describe('a code', () => {
  test('works once', async () => {
    const code = await lab.code()
    expect((await lab.redeem(code)).status).toBe(200)
    expectInvalidGrant(await lab.redeem(code))
  })

  test('works once, even when it is sent ten times at the same moment', async () => {
    const code = await lab.code()
    const answers = await Promise.all(Array.from({ length: 10 }, () => lab.redeem(code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('is used up by an attempt with another redirect URI', async () => {
    for (const redirect_uri of [`${lab.redirectUri}/`, OTHER.redirect_uri, 'x']) {
      const code = await lab.code()
      expectInvalidGrant(await lab.redeem(code, { redirect_uri }))
      expectInvalidGrant(await lab.redeem(code))
    }
  })

  test('of another client is rejected, and still works for that client', async () => {
    const code = await lab.code()
    const authorization = basic(OTHER.client_id, OTHER.client_secret)
    expectInvalidGrant(await lab.redeem(code, {}, { authorization }))
    const { redirect_uri } = OTHER
    expectInvalidGrant(await lab.redeem(code, { redirect_uri }, { authorization }))
    expect((await lab.redeem(code)).status).toBe(200)
  })

  test('that was never issued is rejected', async () => {
    const code = await lab.code()
    const { body } = await lab.redeem(code)
    const tokens = [body.access_token, 'x', `${code} `, code.toUpperCase(), '__proto__', '\0', '%']
    for (const wrong of tokens) expectInvalidGrant(await lab.redeem(String(wrong)))
  })

  function expectInvalidGrant(answer: Awaited<ReturnType<Lab['token']>>): void {
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(answer.body.error_description).toMatch(DESCRIPTION)
    expect(answer.body).not.toHaveProperty('access_token')
  }
})

describe('the client, when the browser comes back', () => {
  const refusals: [string, Fields, string][] = [
    ['with an error', { error: 'access_denied' }, 'access_denied'],
    ['with an error and a code', { error: 'access_denied', code: 'x' }, 'access_denied'],
    ['with a description of the error', { error: 'x', error_description: 'No, not' }, 'No, not'],
    ['without a code', {}, 'code'],
    ['with an empty code', { code: '' }, 'code'],
  ]
  for (const [sentence, answer, word] of refusals) {
    test(`${sentence}: shows it, exchanges nothing, and offers to start again`, async () => {
      const browser = new Browser()
      const before = tokenRequests(seen).length
      const page = await browser.visit(await lab.answerLogin(browser, answer))
      expect(page.status).toBe(400)
      expect(textOf(page, 'main')).toContain(word)
      expect(html(page).querySelector('a[href="/login"]')).not.toBeNull()
      expect(tokenRequests(seen)).toHaveLength(before)
    })
  }

  test('with two codes: exchanges neither', async () => {
    const browser = new Browser()
    const before = tokenRequests(seen).length
    const page = await browser.visit(`${await lab.answerLogin(browser, { code: 'x' })}&code=y`)
    expect(page.status).toBe(400)
    expect(tokenRequests(seen)).toHaveLength(before)
  })

  test("with a code that the server rejects: shows the server's error and offers to start again", async () => {
    const browser = new Browser()
    const page = await browser.visit(await lab.answerLogin(browser, { code: 'no-such-code' }))
    expect(page.status).toBe(400)
    expect(textOf(page, 'main')).toContain('invalid_grant')
    expect(html(page).querySelector('a[href="/login"]')).not.toBeNull()
    expect((await lab.login(browser)).status).toBe(200)
  })

  test('a second time with the same response: gets no second token', async () => {
    const browser = new Browser()
    const callback = await lab.loginUntilCallback(browser)
    expect((await browser.visit(callback)).status).toBe(200)
    expect((await browser.visit(callback)).status).toBe(400)
  })
})

describe('the client, when the server', () => {
  const token = { access_token: 'x', token_type: 'Bearer', expires_in: 60, refresh_token: 'y' }
  const nonsense: [string, RequestListener][] = [
    ['sends a page', (_, answer) => answer.end('<h1>Hello</h1>')],
    ['fails', (_, answer) => answer.writeHead(500).end('<h1>Internal error</h1>')],
    ['fails with JSON', (_, answer) => answer.writeHead(500).end('{"error":"invalid_grant"}')],
    ['is too busy', (_, answer) => answer.writeHead(503).end('{}')],
    ['sends an empty body', (_, answer) => answer.end()],
    ['sends half of a JSON object', (_, answer) => answer.end('{"access_token":')],
    ['sends a JSON array', (_, answer) => answer.end(JSON.stringify([token]))],
    ['sends null', (_, answer) => answer.end('null')],
    ['sends a JSON string', (_, answer) => answer.end('"token"')],
    ['sends an object without a token', (_, answer) => answer.end('{}')],
    ['sends an empty token', json({ ...token, access_token: '' })],
    ["sends a token that isn't a string", json({ ...token, access_token: 7 })],
    ['sends a token of an unknown type', json({ ...token, token_type: 'mac' })],
    ['sends an expired token', json({ ...token, expires_in: 0 })],
    ['sends a token without a type', json({ ...token, token_type: undefined })],
    ['rejects the request without an error code', (_, answer) => answer.writeHead(400).end('{}')],
    ['rejects the request with a page', (_, answer) => answer.writeHead(401).end('<h1>No</h1>')],
    ['forbids the request', (_, answer) => answer.writeHead(403).end('{"error":"invalid_grant"}')],
    ['sends a number as the error code', (_, answer) => answer.writeHead(400).end('{"error":7}')],
    ['responds 201', (_, answer) => answer.writeHead(201).end(JSON.stringify(token))],
    ['sends too large a response', json({ ...token, padding: 'x'.repeat(200 * KIBIBYTE) })],
    [
      'breaks off its response',
      (_, answer) => {
        answer.writeHead(200, { 'content-length': 100 }).write('{"access_token":')
        setTimeout(() => answer.destroy(), 5)
      },
    ],
    ['hangs up', (request) => request.socket.destroy()],
    ["doesn't speak HTTP", (request) => request.socket.end('SMTP ready\r\n')],
  ]
  for (const [sentence, answer] of nonsense) {
    test(`${sentence}: says so, with the address, and keeps running`, async () => {
      await expectBadGateway(await labWith(answer))
    })
  }

  test("doesn't say how long the token lives: accepts it", async () => {
    const brief = await labWith(json({ access_token: 'x', token_type: 'bearer' }))
    const browser = new Browser()
    const page = await browser.open(await brief.answerLogin(browser, { code: 'x' }))
    expect(page.status).toBeLessThan(400)
  })

  test("isn't running: says so, with the address, and keeps running", async () => {
    const alone = await startLab(programs)
    onTestFinished(() => alone.close())
    await alone.server.close()
    await expectBadGateway(alone)
  })

  test('redirects: sends its credentials nowhere else', async () => {
    const asked: string[] = []
    const moved = await labWith((request, answer) => {
      asked.push(`${request.method} ${request.url}`)
      answer.writeHead(307, { location: '/elsewhere' }).end(JSON.stringify(token))
    })
    await expectBadGateway(moved)
    expect(asked).toEqual(['POST /token'])
  })

  test('sends an OAuth error: shows it, escaped', async () => {
    const refusal = { error: '<b>x', error_description: '<script>alert(1)</script>' }
    for (const status of [400, 401]) {
      const refusing = await labWith((_, answer) => {
        answer.writeHead(status).end(JSON.stringify(refusal))
      })
      const browser = new Browser()
      const page = await browser.visit(await refusing.answerLogin(browser, { code: 'x' }))
      expect(page.status).toBe(400)
      expect(page.body).not.toMatch(/<b>|<script/)
      expect(page.body).toContain('&lt;b&gt;x')
      expect(page.body).toContain('&lt;script&gt;')
      expect(html(page).querySelector('a[href="/login"]')).not.toBeNull()
    }
  })

  function json(body: unknown): RequestListener {
    return (_, answer) => answer.end(JSON.stringify(body))
  }

  /** The client, with another server until the test ends. */
  async function labWith(answer: RequestListener): Promise<Lab> {
    const lab = await startLab({ ...snapshot, buildServer: () => fakeServer(answer) })
    onTestFinished(() => lab.close())
    return lab
  }

  async function expectBadGateway(lab: Lab): Promise<void> {
    const browser = new Browser()
    const page = await browser.visit(await lab.answerLogin(browser, { code: 'x' }))
    expect(page.status).toBe(502)
    expect(textOf(page, 'main')).toContain(`${lab.serverUrl}/token`)
    expect((await browser.open(lab.clientUrl)).status).toBe(200)
  }
})

describe('a value from a request', () => {
  const hostile = `"><script>alert('1')</script><b x="`

  test('is escaped, or not shown at all', async () => {
    const browser = new Browser()
    const post = { method: 'POST', body: { username: hostile, password: hostile } }
    const pages = [
      await browser.open(lab.authorizeUrl({ client_id: hostile })),
      await browser.open(lab.authorizeUrl({ redirect_uri: hostile })),
      await browser.open(lab.authorizeUrl({ state: hostile, x: hostile })),
      await browser.open(lab.authorizeUrl(), post),
      await browser.open(`${lab.serverUrl}/${encodeURIComponent(hostile)}`),
      await browser.open(`${lab.clientUrl}/${encodeURIComponent(hostile)}`),
      await browser.open(`${lab.clientUrl}/?${encodeURIComponent(hostile)}`),
      await browser.visit(await lab.answerLogin(browser, { error: hostile })),
      await browser.visit(
        await lab.answerLogin(browser, { error: 'x', error_description: hostile }),
      ),
      await browser.visit(await lab.answerLogin(browser, { error: 'x', error_uri: hostile })),
      await browser.visit(await lab.answerLogin(browser, { code: hostile })),
      await browser.visit(await lab.answerLogin(browser, { code: hostile, state: hostile })),
    ]
    for (const page of pages) {
      expect(page.body, page.url).not.toContain('<script')
      expect(page.body, page.url).not.toContain('<b x')
    }
    expect(pages[3]?.body).toContain('value="&quot;&gt;&lt;script&gt;')
  })

  test('never becomes a header', async () => {
    const text = 'x\r\nset-cookie: a=b\r\n\r\n<h1>'
    for (const changes of [{ redirect_uri: text }, { client_id: text }, { response_type: text }]) {
      const page = await new Browser().open(lab.authorizeUrl({ ...changes, state: text }))
      expect(page.headers).not.toHaveProperty('set-cookie')
    }
  })
})

describe('a response', () => {
  const version = basename(folder)

  test('that is a page names its version and program, and allows no script and no frame', async () => {
    const browser = new Browser()
    const pages: [string, Page][] = [
      ['client', await browser.open(lab.clientUrl)],
      ['client', await browser.visit(await lab.answerLogin(browser, { error: 'x' }))],
      ['client', await lab.login(browser)],
      ['client', await browser.open(`${lab.clientUrl}/nowhere`)],
      ['client', await browser.open(`${lab.clientUrl}/login`, { method: 'POST' })],
      ['server', await new Browser().open(lab.authorizeUrl())],
      ['server', await browser.open(lab.authorizeUrl(), { method: 'POST', body: {} })],
      ['server', await browser.open(`${lab.serverUrl}/authorize`)],
      ['server', await browser.open(`${lab.serverUrl}/nowhere`)],
      ['server', await browser.open(`${lab.serverUrl}/authorize`, { method: 'PUT' })],
    ]
    for (const [program, page] of pages) {
      expect(page.headers, page.url).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'content-type': 'text/html; charset=utf-8',
        'x-oauth-lab': `${version} ${program}`,
      })
      const policy = String(page.headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("base-uri 'none'")
      expect(policy).not.toMatch(/script-src|unsafe/)
      expect(page.body).not.toMatch(/<script|<iframe|\son\w+=|javascript:/i)
      expect(textOf(page, 'footer')).toContain(version)
      expect(textOf(page, 'footer')).toContain(program)
      expect(page.headers).not.toHaveProperty('www-authenticate')
    }
  })

  test('with a login form lets the form lead to the client that asked, and nowhere else', async () => {
    const own = await new Browser().open(lab.authorizeUrl())
    const other = await new Browser().open(lab.authorizeUrl(OTHER))
    expect(formAction(own)).toBe(`'self' ${lab.clientUrl}`)
    expect(formAction(other)).toBe("'self' http://localhost:25009")
  })

  test('that is JSON may not be cached', async () => {
    const { headers } = await lab.token({ grant_type: 'x' })
    expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    const api = await new Browser().open(`${lab.serverUrl}/api/nothing`)
    expect(api.headers).toMatchObject({ 'cache-control': 'no-store' })
  })

  const unknown: [string, 'server' | 'client', string, 'page' | 'json'][] = [
    ['GET', 'server', '/authorize/', 'page'],
    ['GET', 'server', '/AUTHORIZE', 'page'],
    ['POST', 'server', '/login', 'page'],
    ['GET', 'server', '/%', 'page'],
    ['GET', 'server', '/%FF/%00', 'page'],
    ['GET', 'server', '/..%2f..%2fpackage.json', 'page'],
    ['GET', 'server', '/api', 'json'],
    ['GET', 'server', '/api/', 'json'],
    ['GET', 'server', '/api/nothing?a=b', 'json'],
    ['POST', 'server', '/api/nothing', 'json'],
    ['DELETE', 'server', '/api/%', 'json'],
    ['GET', 'client', '/nothing', 'page'],
    ['GET', 'client', '/callback/', 'page'],
    ['GET', 'client', '/%', 'page'],
    ['PUT', 'client', '/nothing', 'page'],
  ]
  for (const [method, program, path, kind] of unknown) {
    test(`to ${method} ${path} at the ${program}, which doesn't exist, is a 404 as ${kind}`, async () => {
      const { origin } = new URL(program === 'server' ? lab.serverUrl : lab.clientUrl)
      const page = await new Browser().open(`${origin}${path}`, { method })
      expect(page.status).toBe(404)
      expect(page.headers['content-type']).toMatch(
        kind === 'json' ? /^application\/json/ : /^text\/html/,
      )
      expect(page.headers['cache-control']).toBe('no-store')
    })
  }

  test('to GET / at the server says what it is, and links to the client', async () => {
    const page = await new Browser().open(lab.serverUrl)
    expect(page.status).toBe(200)
    expect(html(page).querySelector('main a')?.getAttribute('href')).toBe(lab.clientUrl)
  })

  const known: ['server' | 'client', string, string[]][] = [
    ['server', '/', ['GET', 'HEAD']],
    ['server', '/authorize', ['GET', 'HEAD', 'POST']],
    ['server', '/token', ['POST']],
    ['client', '/', ['GET', 'HEAD']],
    ['client', '/login', ['GET', 'HEAD']],
    ['client', '/callback', ['GET', 'HEAD']],
  ]
  for (const [program, path, allowed] of known) {
    test(`to a method that ${path} doesn't accept is a 405 that says ${allowed.join(', ')}`, async () => {
      const origin = program === 'server' ? lab.serverUrl : lab.clientUrl
      const methods = 'GET HEAD POST PUT PATCH DELETE OPTIONS TRACE PROPFIND'.split(' ')
      for (const method of methods.filter((name) => !allowed.includes(name))) {
        const page = await new Browser().open(`${origin}${path}?a=b`, { method })
        expect(page.status, method).toBe(405)
        expect(String(page.headers.allow).split(', ').sort(), method).toEqual(allowed)
        if (method === 'HEAD') continue
        if (path !== '/token') expect(textOf(page, 'main'), method).toContain(allowed[0])
        else expect(JSON.parse(page.body)).toMatchObject({ error: 'invalid_request' })
      }
    })
  }

  test('to a body of more than 16 KiB is a 413, as JSON at /token', async () => {
    const paths = [lab.authorizeUrl(), `${lab.serverUrl}/token`]
    for (const type of [FORM, 'application/json', 'text/plain']) {
      for (const url of paths) {
        const headers = { 'content-type': type }
        const large = await post(url, 'x'.repeat(16 * KIBIBYTE + 1), headers)
        expect(large.status, `${type} ${url}`).toBe(413)
        expect(large.headers['cache-control']).toBe('no-store')
        if (url.endsWith('/token')) expect(JSON.parse(large.body).error).toBe('invalid_request')
        else expect(large.headers['content-type']).toMatch(/^text\/html/)
        const allowed = await post(url, 'x'.repeat(16 * KIBIBYTE), headers)
        expect(allowed.status).not.toBe(413)
      }
    }
  })

  test('to HEAD has the status and the headers of GET', async () => {
    for (const url of [lab.authorizeUrl(), `${lab.serverUrl}/authorize`, lab.clientUrl]) {
      const get = await new Browser().open(url)
      const head = await new Browser().open(url, { method: 'HEAD' })
      expect(head.status).toBe(get.status)
      expect(head.body).toBe('')
      expect(head.headers['content-type']).toBe(get.headers['content-type'])
    }
  })

  const HOST = 'Host: localhost\r\nConnection: close\r\n'
  const broken: [string, string][] = [
    ['a header without a name', `GET / HTTP/1.1\r\n${HOST}: x\r\n\r\n`],
    ['a method that is none', `FETCH / HTTP/1.1\r\n${HOST}\r\n`],
    ['a version of HTTP that is none', `GET / HTTP/9.9\r\n${HOST}\r\n`],
    ['something else than HTTP', '\x16\x03\x01\x02\x00\x01\r\n\r\n'],
    ['an address of 20 KiB', `GET /${'x'.repeat(20 * KIBIBYTE)} HTTP/1.1\r\n${HOST}\r\n`],
    ['a length that is none', `POST /token HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\na`],
    ['an expectation', `POST /token HTTP/1.1\r\n${HOST}Expect: wonders\r\n\r\n`],
    ['no host', 'GET /authorize HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['the HTTP of 1996', 'GET /authorize HTTP/1.0\r\n\r\n'],
    ['an absolute address', `GET http://evil.example/authorize HTTP/1.1\r\n${HOST}\r\n`],
    ['a star', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`],
  ]
  test('to an absolute address is the same as to its path', async () => {
    const request = `GET ${lab.clientUrl}/login HTTP/1.1\r\n${HOST}\r\n`
    expect(await sendRaw(lab.clientUrl, request)).toMatch(/^HTTP\/1\.1 302 /)
    const start = `GET ${lab.clientUrl} HTTP/1.1\r\n${HOST}\r\n`
    expect(await sendRaw(lab.clientUrl, start)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('to an address that starts with a star is a 404, whatever follows', async () => {
    const urls = [lab.serverUrl, lab.clientUrl]
    for (const address of ['*', '*authorize', '*login', '*logout', '*style.css']) {
      for (const method of ['GET', 'POST']) {
        const request = `${method} ${address} HTTP/1.1\r\n${HOST}\r\n`
        for (const url of urls) {
          expect(await sendRaw(url, request), request).toMatch(/^HTTP\/1\.1 404 /)
        }
      }
    }
  })

  test('to a malformed request is never worse than a 4xx', async () => {
    const urls = [lab.serverUrl, lab.clientUrl]
    const asked = broken.flatMap(([name, request]) => urls.map((url) => ({ name, request, url })))
    const answers = await Promise.all(asked.map(({ url, request }) => sendRaw(url, request)))
    for (const [index, answer] of answers.entries()) {
      expect(answer, asked[index]?.name).toMatch(/^HTTP\/1\.[01] [234]\d\d /)
    }
  })

  function formAction(page: Page): string | undefined {
    const policy = String(page.headers['content-security-policy'])
    return /form-action ([^;]*)/.exec(policy)?.[1]
  }

  /** Sends bytes unchanged and returns the bytes of the response. */
  function sendRaw(url: string, request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url)
      const socket = connect(Number(port), hostname, () => socket.write(request))
      let answer = ''
      socket.setEncoding('latin1')
      socket.on('data', (text) => {
        answer += text
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
    })
  }
})

describe('for any input', () => {
  const RUNS = { numRuns: 60 }
  /** Any character, but not half of a surrogate pair. */
  const character = fc
    .nat(0x10ffff)
    .map((point) => String.fromCodePoint(point).replace(/\p{Cs}/u, '?'))
  const text = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.string({ unit: character, maxLength: 20 }),
    fc.constantFrom('', 'code', 'lab-client', 'other-client', 'x', '__proto__', '\0', '%', '<'),
  )
  const name = fc.oneof(
    fc.constantFrom('client_id', 'client_secret', 'redirect_uri', 'response_type', 'state'),
    fc.constantFrom('code', 'grant_type', 'code_verifier', 'refresh_token', 'code_challenge'),
    fc.string({ maxLength: 10 }),
  )
  const pairs = fc.array(fc.tuple(name, text), { maxLength: 10 })
  const query = fc.oneof(
    pairs.map((list) => list.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')),
    fc.string({ maxLength: 100 }).map((any) => any.replaceAll(/[ #]/g, '%')),
  )
  /** Characters that are allowed in a header. */
  const inHeader = fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .map((byte) => String.fromCharCode(byte).replace('\x7f', '?')),
    maxLength: 60,
  })

  test('only the right query leads to the login form, or with a password to a code', async () => {
    await fc.assert(
      fc.asyncProperty(query, async (any) => {
        const url = `/authorize?${any}`
        const get = await lab.server.inject(url)
        const headers = { 'content-type': FORM }
        const post = await lab.server.inject({ method: 'POST', url, payload: PASSWORD, headers })
        for (const { statusCode, headers } of [get, post]) {
          expect([302, 303, 400]).toContain(statusCode)
          expect(String(headers.location ?? '')).not.toMatch(/[?&]code=/)
        }
      }),
      RUNS,
    )
  })

  test('changing one parameter of the query never leads to a code', async () => {
    const change = fc.constantFrom('client_id', 'redirect_uri', 'response_type')
    await fc.assert(
      fc.asyncProperty(change, text, async (parameter, value) => {
        const right = new URL(lab.authorizeUrl()).searchParams.get(parameter)
        fc.pre(value !== right)
        const { pathname, search } = new URL(lab.authorizeUrl({ [parameter]: value }))
        const { statusCode, headers } = await lab.server.inject({
          method: 'POST',
          url: pathname + search,
          payload: PASSWORD,
          headers: { 'content-type': FORM },
        })
        expect([302, 303, 400]).toContain(statusCode)
        expect(String(headers.location ?? '')).not.toMatch(/[?&]code=/)
      }),
      RUNS,
    )
  })

  test('only the right form gets a token', async () => {
    const headers = rightHeaders()
    await fc.assert(
      fc.asyncProperty(query, async (payload) => {
        const answer = await lab.server.inject({ method: 'POST', url: '/token', payload, headers })
        expect([400, 401]).toContain(answer.statusCode)
        expect(answer.json().error).toBeTypeOf('string')
      }),
      RUNS,
    )
  })

  test('no body of any type crashes an endpoint', async () => {
    const types = fc.oneof(
      inHeader,
      inHeader.map((any) => FORM + any),
      inHeader.map((any) => `${FORM};${any}`),
    )
    await fc.assert(
      fc.asyncProperty(types, fc.string(), async (type, payload) => {
        for (const url of ['/token', '/authorize', lab.authorizeUrl().replace(lab.serverUrl, '')]) {
          const headers = { 'content-type': type }
          const answer = await lab.server.inject({ method: 'POST', url, payload, headers })
          expect([400, 401]).toContain(answer.statusCode)
        }
      }),
      RUNS,
    )
  })

  test('only the right credentials are accepted', async () => {
    const code = await lab.code()
    const encoded = fc.tuple(text, text).map(([id, secret]) => `Basic ${base64(`${id}:${secret}`)}`)
    const basics = fc.oneof(
      encoded,
      inHeader,
      inHeader.map((any) => `Basic ${any}`),
      encoded.map((any) => `${any}x`),
    )
    const payload = redeemBody(code)
    await fc.assert(
      fc.asyncProperty(basics, async (authorization) => {
        const headers = { 'content-type': FORM, authorization }
        const answer = await lab.server.inject({ method: 'POST', url: '/token', payload, headers })
        expect(answer.statusCode).toBe(401)
        expect(answer.json().error).toBe('invalid_client')
      }),
      RUNS,
    )
    expect((await lab.redeem(code)).status).toBe(200)
  })

  test('only the right code gets a token', async () => {
    const right = await lab.code()
    const near = fc.nat(right.length - 1).map((at) => right.slice(0, at) + right.slice(at + 1))
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, near), async (code) => {
        const { status, body } = await lab.redeem(code)
        expect(status).toBe(400)
        expect(body.error).toBe(code === '' ? 'invalid_request' : 'invalid_grant')
      }),
      RUNS,
    )
    expect((await lab.redeem(right)).status).toBe(200)
  })

  test('no query and no cookie crashes a page of the client', async () => {
    await fc.assert(
      fc.asyncProperty(query, inHeader, async (any, cookie) => {
        for (const path of ['/', '/login', '/callback']) {
          const before = tokenRequests(seen).length
          const { statusCode } = await lab.client.inject({
            url: `${path}?${any}`,
            headers: { cookie },
          })
          expect(statusCode).toBeLessThan(500)
          if (statusCode === 200) expect(tokenRequests(seen)).toHaveLength(before)
        }
      }),
      RUNS,
    )
  })

  test("no response may be cached, no program got a cookie, and the only 5xx was the client's 502", () => {
    expect(seen.length).toBeGreaterThan(500)
    expect(unsoundAnswers(seen)).toEqual([])
  })
})

until('v02', 'the client sends no state, and the server returns none', async () => {
  const begun = await lab.beginLogin(new Browser())
  expect(new URL(begun).searchParams.has('state')).toBe(false)
  const page = await lab.enterPassword(new Browser(), lab.authorizeUrl({ state: 'a-state' }))
  expect(new URL(page.location ?? '').searchParams.has('state')).toBe(false)
})

until('v02', 'two states in one request do no harm', async () => {
  const page = await new Browser().open(`${lab.authorizeUrl()}&state=another`)
  expect(page.status).toBe(200)
})

until('v02', "a browser that started no login accepts the attacker's response", async () => {
  const attack = await lab.loginUntilCallback(new Browser(), 'user1')
  const victim = await new Browser().visit(attack)
  expect(victim.status).toBe(200)
  expect(textOf(victim, 'h1')).toBe('Authorized')
})

until('v02', 'a made-up response is accepted as often as it comes', async () => {
  for (const code of [await lab.code(), await lab.code()]) {
    const page = await new Browser().open(`${lab.redirectUri}?code=${code}&code_challenge=x`)
    expect(page.status).toBe(200)
  }
})

until('v03', 'neither a login nor its code needs a challenge or a verifier', async () => {
  const code = await lab.code({ code_challenge: undefined, code_challenge_method: undefined })
  expect((await lab.redeem(code, { code_verifier: undefined })).status).toBe(200)
})

until('v03', "a challenge and a verifier that don't match are ignored", async () => {
  const code = await lab.code({ code_challenge: 'x', code_challenge_method: 'plain' })
  expect((await lab.redeem(code, { code_verifier: 'y' })).status).toBe(200)
})

until('v03', "a code stolen from one browser gets a token in another browser's login", async () => {
  const stolen = new URL(await lab.loginUntilCallback(new Browser())).searchParams.get('code')
  const thief = new Browser()
  const page = await thief.visit(await lab.answerLogin(thief, { code: stolen ?? '' }))
  expect(textOf(page, '#code')).toBe(stolen)
  expect(textOf(page, '#access-token')).toMatch(/^[\w-]{43}$/)
})

until('v04', 'the page after a login shows the code and the access token', async () => {
  const browser = new Browser()
  const callback = await lab.loginUntilCallback(browser)
  const page = await browser.visit(callback)
  expect(textOf(page, '#code')).toBe(new URL(callback).searchParams.get('code'))
  expect(textOf(page, '#access-token')).toMatch(/^[\w-]{43}$/)
  expect(textOf(page, '#expires-in')).toBe('3600')
})

until('v04', 'the access token opens nothing, because there is no resource', async () => {
  const { body } = await lab.redeem(await lab.code())
  expect((await lab.me(`Bearer ${body.access_token}`)).status).toBe(404)
})

until('v04', 'the client has no profile and no logout: it forgets the user', async () => {
  const browser = new Browser()
  await lab.login(browser)
  expect((await browser.open(`${lab.clientUrl}/profile`)).status).toBe(404)
  const logout = await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })
  expect(logout.status).toBe(404)
})

until('v05', 'an access token lives for an hour, and so does a stolen one', async () => {
  expect((await lab.redeem(await lab.code())).body.expires_in).toBe(3600)
})

until('v05', 'nothing can renew an access token: the user has to log in again', async () => {
  expect((await lab.redeem(await lab.code())).body).not.toHaveProperty('refresh_token')
  const answer = await lab.token({ grant_type: 'refresh_token', refresh_token: 'x' })
  expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
})

until('v06', 'the server ignores scope, whatever it holds and however often it comes', async () => {
  for (const added of ['scope=a', 'scope=a&scope=b']) {
    expect((await new Browser().open(authorizeUrl(added))).status, added).toBe(200)
    expect(redirectQuery(await lab.postPassword(authorizeUrl(added))).code, added).toBeDefined()
  }
})

until('v07', 'logging in is allowing: the code comes with the answer to the password', async () => {
  const browser = new Browser()
  const page = await browser.submit(await browser.open(lab.authorizeUrl()), {
    username: 'user0',
    password: 'password0',
  })
  expect(redirectQuery(page).code).toBeDefined()
})

until('v07', 'the server sets no cookie and asks for the password each time', async () => {
  const browser = new Browser()
  for (const _time of [1, 2]) {
    const page = await browser.open(lab.authorizeUrl())
    expect(html(page).querySelector('[name=password]')).not.toBeNull()
    await lab.login(browser)
  }
  const answers = seen.filter(({ program }) => program === 'server')
  expect(answers.filter(({ headers }) => headers['set-cookie'] !== undefined)).toEqual([])
})

until('v11', 'no client can get a token for itself: each token needs a user', async () => {
  const { status, body } = await lab.token({ grant_type: 'client_credentials' })
  expect({ status, error: body.error }).toEqual({ status: 400, error: 'unsupported_grant_type' })
})
