import type { Row } from '@oauth-lab/course/requests/request-draft.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { basic } from '@oauth-lab/shared/testing/driver.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { seriousProblems, workshopOfFile } from './lab.ts'

const workshop = await workshopOfFile('v02-state')
const { server, client } = workshop.main.addresses
/** The latest response to come. */
let coming: Promise<unknown> | undefined
afterEach(async () => {
  await workshop.post('/traffic/hold', { on: 'false' })
  // Or the next test would hold it.
  await coming
})

/** Holds the traffic and sends a request. Returns the number of the message that waits, and the response to come. */
async function hold(url: string, options: RequestInit = {}) {
  await workshop.post('/traffic/hold', { on: 'true' })
  const answer = fetch(url, { redirect: 'manual', ...options })
  coming = answer
  return { message: await next(''), answer }
}

/** Waits for a held message other than the one before. */
async function next(before: string): Promise<string> {
  await expect.poll(async () => [before, ''].includes(await waiting())).toBe(false)
  return waiting()
}

/** The number of the oldest held message. */
async function waiting(): Promise<string> {
  const { page } = await workshop.get('/traffic')
  return page().querySelector('.row.waits')?.getAttribute('data-message') ?? ''
}

/** The names and values of the fields on the page that changes a held message. */
async function fieldsOf(message: string): Promise<Row[]> {
  const { page } = await workshop.get(`/requests/held?message=${message}`)
  const fields = page().querySelectorAll(
    '#request :is(input:not([type="radio"]), input[checked], textarea, select)',
  )
  return fields.map((field): Row => {
    const chosen = field.querySelector('option[selected]')?.text
    const text = field.tagName === 'TEXTAREA' ? field.text.replace(/^\n/, '') : undefined
    const value = text ?? chosen ?? field.getAttribute('value') ?? ''
    return [field.getAttribute('name') ?? '', value]
  })
}

/** Sends the fields with some values changed. A value of undefined leaves a row out. */
function change(fields: Row[], changes: Record<string, string>): Row[] {
  return fields.map(([name, value]) => [name, changes[name] ?? value])
}

/** What the traffic shows of a message. */
async function shown(message: string): Promise<string> {
  const { page } = await workshop.get(`/traffic/message?id=${message}`)
  return page().text.replace(/\s+/g, ' ')
}

describe('a held message', () => {
  test('is a request that gets another path and query, and a response that gets all else', async () => {
    const { message, answer } = await hold(`${client}/`)
    const fields = await fieldsOf(message)
    expect(fields).toContainEqual(['path', '/'])
    const moved = change(fields, { path: '/nowhere' })
    const { status, headers } = await workshop.post('/requests/held', moved)
    expect([status, headers.get('location')]).toEqual([
      303,
      `/traffic?slot=${workshop.main.id}#message-${message}`,
    ])

    const response = await next(message)
    const own = await fieldsOf(response)
    expect(own).toContainEqual(['status', '404'])
    const index = own.findIndex(([name, value]) => name === 'header-name' && value === '')
    own.splice(index, 1, ['header-name', 'x-by-hand'])
    own.splice(index + 1, 1, ['header-value', 'yes'])
    await workshop.post('/requests/held', change(own, { status: '203', text: 'Só it is' }))
    const got = await answer
    expect([got.status, got.headers.get('x-by-hand'), await got.text()]).toEqual([
      203,
      'yes',
      'Só it is',
    ])
    expect(got.headers.get('content-length')).toBe('9')
    expect(got.headers.get('cache-control')).toBe('no-store')

    expect(await shown(message)).toContain('Someone changed this message')
    expect(await shown(message)).toContain('GET /nowhere HTTP/1.1')
    await expect.poll(() => shown(response)).toContain('HTTP/1.1 203 Non-Authoritative Information')
    const { page } = await workshop.get('/traffic')
    expect(page().querySelector(`#message-${message} .badge.bad`)?.text).toBe('changed by hand')
  })

  test('is a form whose rows change, in any length', async () => {
    const authorization = basic('lab-client', 'a-guess')
    const body = new URLSearchParams({ grant_type: 'password', code: 'a' })
    const { message, answer } = await hold(`${server}/token`, {
      method: 'POST',
      headers: { authorization },
      body,
    })
    const fields = await fieldsOf(message)
    expect(fields).toContainEqual(['header-name', 'content-type'])
    const right = basic('lab-client', 'lab-client-secret')
    const changed = fields.map(([name, value]): Row => {
      return [name, value.replace(authorization, right).replace('password', 'x'.repeat(9_000))]
    })
    await workshop.post('/requests/held', changed)
    await next(message)
    await workshop.post('/traffic/hold', { on: 'false' })
    expect(await (await answer).json()).toMatchObject({ error: 'unsupported_grant_type' })
    expect(await shown(message)).toContain(
      `grant_type=${'x'.repeat(9_000)}&amp;code=a`.replace('&amp;', '&'),
    )
  })

  test('that gets too long waits on, and the page says so', async () => {
    const { message, answer } = await hold(`${client}/`)
    const fields: Row[] = [
      ...(await fieldsOf(message)).filter(([name]) => !name.startsWith('query')),
      ['query-name', 'a'],
      ['query-value', 'x'.repeat(70_000)],
    ]
    const { status, page } = await workshop.post('/requests/held', fields)
    expect(status).toBe(400)
    expect(page().querySelector('.problem')?.text).toContain('The changed request is too long')
    expect(await waiting()).toBe(message)
    await workshop.post('/traffic/hold', { on: 'false' })
    expect((await answer).status).toBe(200)
  })

  test('that nobody changes goes on as it was, to the byte', async () => {
    const { message, answer } = await hold(`${client}/callback?state=%zz&a=b%20c`)
    await workshop.post('/requests/held', await fieldsOf(message))
    const response = await next(message)
    await workshop.post('/requests/held', await fieldsOf(response))
    expect((await answer).status).toBe(400)
    expect(await shown(message)).toContain('GET /callback?state=%zz&a=b%20c HTTP/1.1')
    expect(await shown(message)).not.toContain('Someone changed')
    expect(await shown(response)).not.toContain('Someone changed')
  })

  test('that was shown beside a lesson leads back there', async () => {
    const { message } = await hold(`${client}/`)
    const lesson = '/lessons/v02-state/try-it'
    const path = `/requests/held?message=${message}`
    const from = (referer: string) => workshop.get(path, { headers: { referer } })
    const page = (await from(`${workshop.url}${lesson}?a`)).page()
    const back = `${lesson}#message-${message}`
    expect(page.querySelector('a[href^="/lessons/"]')?.getAttribute('href')).toBe(back)
    expect(page.querySelector('[name=from]')?.getAttribute('value')).toBe(lesson)
    const other = (await from(`${workshop.url}/traffic`)).page()
    expect(other.querySelector('[name=from]')).toBeNull()

    const fields: Row[] = [...(await fieldsOf(message)), ['from', lesson]]
    const { headers } = await workshop.post('/requests/held', fields)
    expect(headers.get('location')).toBe(back)
  })

  test.each(['//example.com/lessons/', 'https://example.com/lessons/x', '/lessons/../run', ''])(
    'leads to no other place than a lesson: %j',
    async (from) => {
      const { message } = await hold(`${client}/`)
      const fields: Row[] = [...(await fieldsOf(message)), ['from', from]]
      const { headers } = await workshop.post('/requests/held', fields)
      expect(headers.get('location')).toMatch(/^\/traffic\?slot=/)
    },
  )

  test('changes its rows without a script', async () => {
    const { message } = await hold(`${client}/?a=b`)
    const fields: Row[] = [...(await fieldsOf(message)), ['act', 'double query 0']]
    const { page } = await workshop.post('/requests/held', fields)
    const names = page().querySelectorAll('[name="query-name"]')
    expect(names.map((input) => input.getAttribute('value'))).toEqual(['a', 'a', ''])
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['a host in the path', { path: '//example.com' }, /one slash only/],
    ['a line break in a header', { 'header-value': 'a\r\nb: c' }, /would be another header/],
    ['a method for tunnels', { method: 'CONNECT' }, /The method must be one/],
  ])('is not sent on with %s', async (_name, changes, words) => {
    const { message } = await hold(`${client}/`)
    const { status, page } = await workshop.post(
      '/requests/held',
      change(await fieldsOf(message), changes),
    )
    expect(status).toBe(400)
    expect(page().querySelector('.problem')?.text).toMatch(words)
    expect(await waiting()).toBe(message)
  })

  test.each(['', '99', '600', '2e2'])('is no response with the status %j', async (status) => {
    const { message } = await hold(`${client}/`)
    await workshop.post('/requests/held', await fieldsOf(message))
    const fields = change(await fieldsOf(await next(message)), { status })
    const { page, status: got } = await workshop.post('/requests/held', fields)
    if (status.trim() === '200 OK') expect(got).toBe(400)
    expect(page().querySelector('.problem')?.text).toContain('from 200 to 599')
  })

  test('that was sent on can not be changed anymore', async () => {
    const { message } = await hold(`${client}/`)
    const fields = await fieldsOf(message)
    await workshop.post('/traffic/hold', { on: 'false' })
    await expect.poll(waiting).toBe('')
    const { status, page } = await workshop.post('/requests/held', fields)
    expect(status).toBe(409)
    expect(page().querySelector('.problem')?.text).toContain('already sent on')
  })

  test('may also be one of the editor, which waits as long as the person does', async () => {
    await workshop.post('/traffic/hold', { on: 'true' })
    const sent = workshop.post('/requests/send', { program: 'client', method: 'GET', path: '/' })
    await next('')
    const { page } = await workshop.get('/requests/edit')
    expect(page().querySelector('.callout.holding')?.text).toContain('This request waits, too')
    await workshop.post('/traffic/hold', { on: 'false' })
    expect((await sent).page().querySelector('.answer h2')?.text).toContain('200 OK')
  })
})

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('a person changes what their own browser sent', async () => {
    await workshop.post('/traffic/hold', { on: 'true' })
    const browser = await workshop.newPage()
    const arrived = browser.goto(`${client}/callback?state=mine&error=access_denied`)
    const page = await workshop.visit('/traffic')
    await page.getByRole('link', { name: /^Change it: .* GET \/callback/ }).click()
    expect(await seriousProblems(page)).toEqual([])
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)

    await page.getByLabel('Path').fill('/')
    await page.getByRole('button', { name: 'Leave out: state' }).click()
    await page.getByRole('button', { name: 'Leave out: state' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Send it on, changed' }).click()
    await page.locator('.rows .badge', { hasText: 'changed by hand' }).last().waitFor()
    await page.locator('#hold').click()
    await arrived
    expect(await browser.locator('h1').textContent()).toBe('The client')
  })
})
