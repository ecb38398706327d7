import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { addressesOf } from '@oauth-lab/course/programs/programs.ts'
import { findVersion, listVersions, type Version } from '@oauth-lab/course/programs/versions.ts'
import { preparedRequests } from '@oauth-lab/course/requests/all-requests.ts'
import { driverAt } from '@oauth-lab/course/requests/fresh-values.ts'
import type { Row } from '@oauth-lab/course/requests/request-draft.ts'
import { readConfig } from '@oauth-lab/shared/config.ts'
import { NEEDS_CHROMIUM, testsPages } from '@oauth-lab/shared/testing/chromium.ts'
import { all, firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type KnownVersion, knownVersion } from '../known-versions.ts'
import { readPrinted } from '../requests/printed.ts'
import { newShell, requestsIn } from '../requests/printed-commands.ts'
import { readFunctions } from '../requests/shell.ts'
import { copyVersion, seriousProblems, workshopOfFile, workshopOfTest } from './lab.ts'

const versions = listVersions()
const workshop = await workshopOfFile('v02-state')
beforeAll(async () => {
  const { version, addresses } = workshop.main
  const driver = driverAt(version, addresses)
  await driver.login(driver.browser())
})

const TOKEN: Row[] = [
  ['program', 'server'],
  ['method', 'POST'],
  ['path', '/token'],
  ['body', 'form'],
]

/** Sends the fields of the editor as a browser without a script does. */
async function send(fields: Row[], path = '/requests/send') {
  const answer = await workshop.post(path, [['slot', workshop.main.id], ...fields])
  const page = answer.page()
  const text = (selector: string) => page.querySelector(selector)?.text.replace(/\s+/g, ' ').trim()
  return { ...answer, page, text }
}

/** The number of the newest request to a path in the traffic. */
async function newest(path: string): Promise<string> {
  const { page } = await workshop.get('/traffic')
  const rows = page().querySelectorAll('.row.request')
  const row = rows.findLast((one) => one.text.includes(path))
  return row?.getAttribute('data-message') ?? ''
}

describe('the editor of requests', () => {
  test('sends a form, and shows the response with the line that refused it, without a script', async () => {
    const { status, page, text } = await send([
      ...TOKEN,
      ['form-name', 'grant_type'],
      ['form-value', 'password'],
      ['header-name', 'authorization'],
      ['header-value', `Basic ${btoa('lab-client:lab-client-secret')}`],
    ])
    expect(status).toBe(200)
    expect(text('.answer h2')).toMatch(/^400 Bad Request v02-state, \d+ ms$/)
    expect(text('.refused p')).toMatch(
      /^Rejected at server\/routes\/token\.ts:\d+: This server does not know that grant_type$/,
    )
    expect(text('.answer .readable')).toContain('"error": "unsupported_grant_type"')
    expect(text('.answer details:last-of-type .headers')).toContain('cache-controlno-store')
    expect(page.querySelector('[name="form-value"]')?.getAttribute('value')).toBe('password')
  })

  test('is the sender in the traffic, also of the logins for new values', async () => {
    const { page } = await workshop.get('/traffic')
    const last = Number(page().querySelectorAll('.row').at(-1)?.id.replace('message-', ''))
    await send([...TOKEN, ['form-name', 'code'], ['form-value', '{used_code}']])
    const after = (await workshop.get('/traffic?channel=editor')).page()
    const rows = after.querySelectorAll('.row.request').filter(({ id }) => {
      return Number(id.replace('message-', '')) > last
    })
    expect(rows.map((row) => row.querySelector('.unseen')?.text)).toEqual([
      'request editor to server, GET /authorize, response 200. Authorization request',
      'request editor to server, POST /authorize, response 303. Login form',
      'request editor to server, POST /token, response 200. Token request',
      'request editor to server, POST /token, response 401. Token request',
    ])
    expect(rows[0]?.querySelector('.channel')?.text).toBe('from the request editor')
  })

  test('shows a page as text that a person can read', async () => {
    const { text } = await send([
      ['program', 'client'],
      ['method', 'GET'],
      ['path', '/'],
    ])
    expect(text('.answer h2')).toMatch(/^200 OK/)
    expect(text('.answer .readable')).toMatch(
      /^The client This app would like .* Start authorization$/,
    )
    expect(text('.answer details')).toContain('<!doctype html>')
  })

  test('opens at a captured request, with the names of its values', async () => {
    const { page } = await workshop.get(
      `/requests/edit?message=${await newest('client to server, POST /token')}`,
    )
    const rows = page().querySelectorAll('.as-form li')
    const shown = rows.map((row) => [
      row.querySelector('input')?.getAttribute('value'),
      row.querySelector('small')?.text,
    ])
    expect(shown).toEqual([
      ['grant_type', undefined],
      ['code', 'code 1'],
      ['redirect_uri', undefined],
      ['', undefined],
    ])
    const offered = page().querySelectorAll('#header-values option')
    expect(offered.map((option) => option.getAttribute('label'))).toEqual(
      expect.arrayContaining(['client credentials 1', 'access token 1', 'session 1']),
    )
  })

  test.each<[act: string, names: string[]]>([
    ['double form 0', ['a', 'a', 'b', '']],
    ['remove form 0', ['b', '']],
    ['more form', ['a', 'b', '', '', '', '']],
    ['double form 99', ['a', 'b', '']],
    ['explode form 0', ['a', 'b', '']],
  ])('changes its rows without a script: %s', async (act, names) => {
    const rows: Row[] = [
      ['form-name', 'a'],
      ['form-value', '1'],
      ['form-name', 'b'],
      ['form-value', '2'],
    ]
    const { page } = await send([...TOKEN, ...rows, ['act', act]], '/requests/edit')
    const inputs = page.querySelectorAll('[name="form-name"]')
    expect(inputs.map((input) => input.getAttribute('value'))).toEqual(names)
  })

  test.each<[what: string, fields: Row[], words: RegExp]>([
    ['another host as the program', [['program', 'http://example.com']], /program of the lab only/],
    ['the workshop', [['program', 'workshop']], /program of the lab only/],
    ['a whole URL', [['path', 'http://example.com/']], /never leaves the lab/],
    ['another host after two slashes', [['path', '//example.com']], /one slash only/],
    ['a backslash', [['path', '/\\example.com']], /backslash/],
    ['a line break in the path', [['path', '/a\r\nHost: b']], /Percent-encode/],
    ['no path', [['path', '']], /must start with a slash/],
    ['an unknown method', [['method', 'CONNECT']], /The method must be one of these/],
    [
      'a line break in a header',
      [
        ['header-name', 'a'],
        ['header-value', 'b\r\nc: d'],
      ],
      /would be another header/,
    ],
    [
      'a line break in the name of a header',
      [
        ['header-name', 'a\r\nb'],
        ['header-value', ''],
      ],
      /can't be the name/,
    ],
    [
      'a host',
      [
        ['header-name', 'Host'],
        ['header-value', 'a'],
      ],
      /is set when the request is sent/,
    ],
    [
      'two lengths',
      [
        ['header-name', 'Content-Length'],
        ['header-value', '1'],
      ],
      /is set when the request is sent/,
    ],
    [
      'another length',
      [
        ['header-name', 'Transfer-Encoding'],
        ['header-value', 'chunked'],
      ],
      /is set when the request is sent/,
    ],
    [
      'a huge body',
      [
        ['body', 'text'],
        ['text', 'x'.repeat(200_000)],
      ],
      /too large/,
    ],
  ])('is no way out of the lab, and says so in words: %s', async (_what, fields, words) => {
    const own = fields.map(([name]) => name)
    const usual: Row[] = [
      ['program', 'server'],
      ['method', 'GET'],
      ['path', '/'],
    ]
    const { status, text } = await send([
      ...usual.filter(([name]) => !own.includes(name)),
      ...fields,
    ])
    expect(status).toBe(200)
    expect(text('#answers .problem')).toMatch(words)
  })

  test('needs a version that runs, and a message that is still there', async () => {
    for (const [path, expected] of [
      ['/requests/edit?slot=1', 404],
      ['/requests/edit?message=999999', 404],
      ['/requests/edit?http=nothing', 404],
    ] as const) {
      const { status, page } = await workshop.get(path)
      expect([path, status]).toEqual([path, expected])
      expect(page().querySelector('.problem')?.text).toMatch(/\w+\.$/)
    }
    const { status } = await workshop.post('/requests/send', { slot: 'gone', path: '/' })
    expect(status).toBe(404)
    const huge = await workshop.post('/requests/send', { text: 'x'.repeat(2_000_000) })
    expect(huge.status).toBe(413)
    expect(huge.page().querySelector('.problem')?.text).toContain('too large')
  })

  test('sends nothing to the address of a program that the version does not have', async () => {
    const sent: string[] = []
    const stranger = createServer(({ url = '' }, response) => {
      sent.push(url)
      response.end()
    })
    await new Promise<void>((resolve) =>
      stranger.listen(workshop.main.ports.api, 'localhost', resolve),
    )
    onTestFinished(() => void stranger.close())
    const { text } = await send([
      ['program', 'api'],
      ['method', 'GET'],
      ['path', '/profile'],
    ])
    expect(text('.problem')).toBe('v02-state has no API. Choose another program.')
    expect(sent).toEqual([])
  })

  test('can not be used by a page of another site', async () => {
    const headers = { origin: 'http://example.com' }
    const body = new URLSearchParams({ program: 'server', method: 'GET', path: '/' })
    for (const path of ['/requests/send', '/requests/edit']) {
      expect((await workshop.get(path, { method: 'POST', headers, body })).status).toBe(403)
    }
  })
})

describe('a request that a lesson prints', () => {
  test('has a link to the editor, which fills in the newest values of this run', async () => {
    const path = '/lessons/v02-state/the-problem'
    const links = (await workshop.get(path)).page().querySelectorAll('.code-http + .send-links a')
    expect(links.map(({ text }) => text)).toEqual(['Change and send GET /callback'])
    const { status, page } = await workshop.get(links[0]?.getAttribute('href') ?? '')
    expect(status).toBe(200)
    expect(page().querySelector('.callout')?.text).toMatch(/newest values of this run: code \d+\.$/)
    const value = page().querySelector('[name="query-value"]')?.getAttribute('value')
    expect(value).toMatch(/^[\w-]{43}$/)
    expect(value).not.toBe('pPa4b2AqQOsxki11bcRfrxZcHQ8hZmJJ_weClVb-vCE')
  })

  test('is read from the block, if that has all of it', () => {
    const addresses = addressesOf(readConfig({}))
    const sources = listVersions().flatMap((version) =>
      readLesson(version).parts.map(({ source }) => source),
    )
    const blocks = sources.flatMap((source) => [
      ...source.matchAll(/```http\n([A-Z]+ [\s\S]*?)```/g),
    ])
    const read = blocks.map(([, block = '']) => [block, readPrinted(block, addresses)] as const)
    const unread = read.filter(([, draft]) => draft === undefined).map(([block]) => block)
    expect(read.length - unread.length).toBeGreaterThan(30)
    // The only ones go to a host that isn't in the lab, and to the CLI, which listens at a port of its own.
    expect(unread.map((block) => /Host: .*/.exec(block)?.[0])).toEqual([
      'Host: prints.example',
      'Host: 127.0.0.1:34243',
    ])
  })
})

describe('a form of a page that a lesson prints', () => {
  test('gets the value and the cookies of one browser', () => {
    const addresses = addressesOf(readConfig({}))
    const drafts = listVersions().flatMap((version) =>
      readLesson(version).parts.flatMap(({ source }) => {
        const blocks = [...source.matchAll(/```http\n([A-Z]+ [\s\S]*?)```/g)]
        return blocks.flatMap(([, block = '']) => readPrinted(block, addresses) ?? [])
      }),
    )
    const forms = drafts.flatMap(({ path, headers, body }) => {
      const [first] = body !== undefined && 'form' in body ? body.form : []
      const [, cookies] = headers.find(([name]) => name === 'Cookie') ?? []
      return first?.[0] === 'consent' || first?.[0] === 'csrf' ? [[path, first[1], cookies]] : []
    })
    expect(forms).toEqual([
      ['/consent', '{consent}', '{consent_cookie}'],
      ['/consent', '{consent}', '{consent_cookie}'],
      ['/account/disconnect', '{csrf}', '{account_cookie}'],
    ])
  })
})

describe('a command that a lesson prints', () => {
  const HOST = 'Host: localhost:25000'
  const FORM = 'Content-Type: application/x-www-form-urlencoded'
  test.each<[block: string, requests: string[]]>([
    ['SERVER=http://localhost:25000\nask $SERVER/a', [`GET /a HTTP/1.1\n${HOST}`]],
    [
      'S=http://localhost:25000\nQ="a=b&c=$S/d"\ncurl -si -X PUT "$S/e?$Q" | grep a',
      [`PUT /e?a=b&c=http://localhost:25000/d HTTP/1.1\n${HOST}`],
    ],
    [
      "S=http://localhost:25000\nask -u a:b -H 'X-A: \"b\"' -d c=d -d e='f g' \\\n  $S/h",
      [`POST /h HTTP/1.1\n${HOST}\nAuthorization: Basic YTpi\nX-A: "b"\n${FORM}\n\nc=d&e=f g`],
    ],
    [
      'S=http://localhost:25000\nask -d a=$CODE -d code=$CODE $S/h > /dev/null',
      [`POST /h HTTP/1.1\n${HOST}\n${FORM}\n\na=$CODE&code={code}`],
    ],
    [
      'SERVER=http://localhost:25000\nask -b browser $SERVER/authorize?a; ask -b browser $SERVER/account',
      [
        `GET /authorize?a HTTP/1.1\n${HOST}\nCookie: {consent_cookie}`,
        `GET /account HTTP/1.1\n${HOST}\nCookie: {account_cookie}`,
      ],
    ],
    [
      `api() { ask -H "Authorization: Bearer $1" http://localhost:25000/$2; }\napi $(field a "$T") b\napi $OWN \${3:-c}`,
      [
        `GET /b HTTP/1.1\n${HOST}\nAuthorization: Bearer {access_token}`,
        `GET /c HTTP/1.1\n${HOST}\nAuthorization: Bearer {worker_access_token}`,
      ],
    ],
    [
      'token() { R=$(ask "$@" http://localhost:25000/token); echo "$R"; }\ntoken -d code=$(code)',
      [`POST /token HTTP/1.1\n${HOST}\n${FORM}\n\ncode={code}`],
    ],
    [
      `answer() { ask -b $1 -d consent=$2 "http://localhost:25000/consent?\${3#*\\?}"; }\nanswer a $(value a) x?y\nanswer a $(value b) x?y`,
      ['consent', 'other_consent'].map((name) => {
        return `POST /consent?y HTTP/1.1\n${HOST}\nCookie: {consent_cookie}\n${FORM}\n\nconsent={${name}}`
      }),
    ],
    [
      `QUERY=a\nvalue() { curl -b $1 x; }\nanswer() { ask -b $1 -d consent=$2 "http://localhost:25000/consent?$3"; }\nanswer a $(value a) a\nanswer a $(value a) b`,
      ['a\n{consent', 'b\n{first_consent'].map((words) => {
        const [query, name] = words.split('\n')
        return `POST /consent?${query} HTTP/1.1\n${HOST}\nCookie: ${name}_cookie}\n${FORM}\n\nconsent=${name}}`
      }),
    ],
    [
      'C=1\n(C=2; ask -d client_id=lab-cli -d code=$X http://localhost:25000/$C | tail)\nask http://localhost:25000/$C',
      [
        `POST /2 HTTP/1.1\n${HOST}\n${FORM}\n\nclient_id=lab-cli&code={cli_code}`,
        `GET /1 HTTP/1.1\n${HOST}`,
      ],
    ],
    ['for i in 1 2; do ask http://localhost:25000/$i & done', [`GET /1 HTTP/1.1\n${HOST}`]],
    [
      'ask -b a=b -G -d c=d http://localhost:25000/?e',
      [`GET /?e&c=d HTTP/1.1\n${HOST}\nCookie: a=b`],
    ],
    // More than curl has a part in these.
    ['ask $(cat url)', []],
    ['ask "http://localhost:25000/$(cat path)"', []],
    ['S=$(cat url)\nask $S/a', []],
    ['ask --config file http://localhost:25000/', []],
    ['ask() { curl -si "$@"; }', []],
    ['ask -d a=$(cat file) http://localhost:25000/', []],
    ['ask "$(code | sed \'s/a/b/\')"', []],
    ['ask -u "a:$SECRET" http://localhost:25000/', []],
    ['ask constructor http://localhost:25000/', []],
    [
      'ask -u a:\u20AC http://localhost:25000/',
      [`GET / HTTP/1.1\n${HOST}\nAuthorization: Basic YTrigqw=`],
    ],
    // Bash would never end with the first one.
    ['again() { ask http://localhost:25000/; again; }\nagain', [`GET / HTTP/1.1\n${HOST}`]],
    [`ask http://localhost:25000/${'$(a '.repeat(40)}${')'.repeat(40)}`, []],
  ])('is a request, if it is known what curl sends: %j', (block, requests) => {
    expect(requestsIn(block, newShell())).toEqual(requests)
  })

  test('delivers the response to a login: of its own browser, or of another one', () => {
    const shell = newShell()
    const block = `SERVER=http://localhost:25000
CLIENT=http://localhost:25001
start() { curl -w '%{redirect_url}' -b "$1" -c "$1" "$CLIENT/login"; }
log_in() { curl -w '%{redirect_url}' -d username=user0 "$1"; }
MINE=$(log_in "$(start victim)")
TRAP=$(log_in "$(start attacker)")
ask -b victim "$MINE"
ask -b victim "$TRAP"
ask "$MINE"`
    const cookie = '\nCookie: {login_cookie}'
    expect(requestsIn(block, shell)).toEqual(
      [
        ['login', cookie],
        ['other', cookie],
        ['login', ''],
      ].map(([who, end]) => {
        return `GET /callback?code={${who}_code}&state={${who}_state} HTTP/1.1\nHost: localhost:25001${end}`
      }),
    )
  })

  test('has no link only if another command changes a part of it, it is not UTF-8, or it goes to the CLI', () => {
    const addresses = addressesOf(readConfig({}))
    const without = listVersions().flatMap((version) => {
      const shell = newShell()
      return readLesson(version).parts.flatMap(({ source }) =>
        [...source.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => {
          const commands = readFunctions(block, shell).split('\n')
          return commands.filter((command) => {
            const requests = requestsIn(command, shell)
            const isRead = requests.some((request) => readPrinted(request, addresses) !== undefined)
            const [name = ''] = command.trim().split(' ')
            const sends = shell.functions.get(name)?.includes('ask') || /^(ask|curl)$/.test(name)
            return sends && !isRead
          })
        }),
      )
    })
    expect(without).toEqual([
      'ask "$AT&response_type=code&state=%FF"',
      'inject $(steal)',
      'inject $(steal)',
      'api $(part 1 $ACCESS).$FORGED.$(part 3 $ACCESS) me',
      `api $(write64 '{"alg":"none","typ":"at+jwt"}').$FORGED. me | head -1`,
      `ask "\${BACK%state=*}state=any"`,
      'curl -s "$BACK"; echo',
      'curl -s "$BACK" || echo nobody listens',
    ])
  })

  test.each([
    ['GET /callback', /400 Bad Request/, 4],
    ['GET /callback', /303|200 OK/, 1],
  ])('%s of v02 can be sent at once, with values of new logins', async (what, status, least) => {
    const { page } = await workshop.get('/lessons/v02-state/try-it')
    const links = page()
      .querySelectorAll('.send-links a')
      .filter(({ text }) => text.includes(what))
    let seen = 0
    for (const link of links) {
      const form = (await workshop.get(link.getAttribute('href') ?? '')).page()
      const fields = form.querySelectorAll(
        '#request :is(input:not([type="radio"]), option[selected])',
      )
      const rows = fields.map((field): Row => {
        const name = field.getAttribute('name') ?? field.parentNode?.getAttribute('name') ?? ''
        return [name, field.getAttribute('value') ?? field.text]
      })
      const { text } = await send(rows.filter(([name]) => name !== 'slot'))
      if (status.test(text('.answer h2') ?? '')) seen += 1
    }
    expect(seen).toBeGreaterThanOrEqual(least)
  })

  test('has a link of its own name, even if a block has several', async () => {
    const { page } = await workshop.get('/lessons/v07-consent/try-it')
    for (const links of page().querySelectorAll('.send-links')) {
      const names = links.querySelectorAll('a').map(({ text }) => text)
      expect(new Set(names).size).toBe(names.length)
    }
  })

  test('has a link to the editor, too', async () => {
    const { page } = await workshop.get('/lessons/v01-code-flow/try-it')
    const links = page().querySelectorAll('.send-links a')
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) {
      const { status } = await workshop.get(link.getAttribute('href') ?? '')
      expect([link.text, status]).toEqual([link.text, 200])
    }
  })
})

describe('a prepared request', () => {
  test.each(firstAndNewest(versions))('is in its section of "Try it" of $name', async (version) => {
    const page = (await workshop.get(`/lessons/${version.name}/try-it`)).page()
    const sections = page.querySelectorAll('h2[id]').map(({ id }) => id)
    const shown = page.querySelectorAll('h2[id], .requests button[id^=send-]').map(({ id }) => id)
    for (const { id, section } of preparedRequests(version)) {
      const place = shown.indexOf(`send-${id}`)
      expect([id, shown.slice(0, place).findLast((one) => sections.includes(one))]).toEqual([
        id,
        section,
      ])
    }
  })

  test('has a whole page as its response without a script, which leads back to the lesson', async () => {
    const path = '/requests/prepared/v02-state/no-state'
    for (const [end, words] of [
      ['', 'v02-state responds with 400 Bad Request, as expected.'],
      ['/curl', 'curl -si'],
    ]) {
      const page = (await workshop.post(`${path}${end}`)).page()
      expect(page.querySelector('h1')?.text).toMatch(/\w/)
      expect(page.querySelector('main')?.text).toContain(words)
      const back = page.querySelector('main a[href^="/lessons/"]')?.getAttribute('href')
      const [lesson, section] = back?.split('#') ?? []
      const { page: tryIt } = await workshop.get(lesson ?? '')
      expect(tryIt().querySelector(`h2[id="${section}"]`)).not.toBeNull()
    }
    const body = new URLSearchParams()
    const headers = { 'hx-request': 'true' }
    const part = await workshop.get(path, { method: 'POST', headers, body })
    expect(part.text).not.toContain('<html')
    const away = (await workshop.post('/requests/prepared/v03-pkce/plain')).page()
    expect(away.querySelector('main button[name=start]')?.text).toBe('Start it, and send')
  })

  test('comes after a login that sends what the client of that version sends', async () => {
    const v01 = await workshopOfTest('v01-code-flow')
    await v01.post('/requests/prepared/v01-code-flow/used-code')
    const { text } = await v01.get('/traffic/har?secrets=1')
    const sent = JSON.parse(text).log.entries.map(
      (entry: { request: { url: string } }) => entry.request,
    )
    expect(JSON.stringify(sent)).toContain('/authorize?response_type=code')
    expect(JSON.stringify(sent)).not.toMatch(/state|code_challenge|code_verifier/)
  })

  test('that no lesson has is not found', async () => {
    const { status, text } = await workshop.post('/requests/prepared/v02-state/nothing')
    expect([status, text]).toEqual([404, expect.stringContaining('has no such request')])
  })

  test('whose login would wait for messages on hold is not sent', async () => {
    await workshop.post('/traffic/hold', { on: 'true' })
    const { status, text } = await workshop.post('/requests/prepared/v02-state/no-state')
    await workshop.post('/traffic/hold', { on: 'false' })
    expect([status, text]).toEqual([409, expect.stringContaining('on hold')])
  })

  test('to a version that is not running is not sent, and a button starts it', async () => {
    const { page } = await workshop.post('/requests/prepared/v03-pkce/plain')
    expect(page().querySelector('.callout')?.text).toContain("v03-pkce isn't running")
    expect(page().querySelector('button[name=start]')?.text).toBe('Start it, and send')
  })

  test('gets the values of a new login as a curl command, too', async () => {
    const { text } = await workshop.post('/requests/prepared/v02-state/no-state/curl')
    const [, command = ''] = /<code>(.*)<\/code>/.exec(text) ?? []
    expect(command).toMatch(/^curl -si .*code=[\w-]{43}/)
    expect(command).not.toMatch(/[{}]/)
  })

  test('opens with names in braces, which get new values when it is sent', async () => {
    const { page } = await workshop.get('/requests/edit?prepared=v02/no-state')
    expect(page().querySelector('.callout')?.text).toMatch(
      /Prepared for v02-state, which must respond with 400/,
    )
    const fields = page()
      .querySelectorAll('#request input[name]:not([type="radio"]), #request option[selected]')
      .map((field): Row => {
        const name = field.getAttribute('name') ?? field.parentNode?.getAttribute('name') ?? ''
        return [name, field.getAttribute('value') ?? field.text]
      })
    expect(fields).toContainEqual(['header-value', '{login_cookie}'])
    const { text } = await send(fields.slice(1))
    expect(text('#answers .callout')).toMatch(
      /new values, from logins a moment ago: .*{login_code}/,
    )
    expect(text('.refused p')).toMatch(
      /^Rejected at client\/routes\/callback\.ts:\d+: This response doesn't/,
    )
  })

  test('of a version that is not running says how to run it', async () => {
    const { page } = await workshop.get('/requests/edit?prepared=v03/no-verifier')
    expect(page().querySelector('.callout')?.text).toContain("v03-pkce isn't running")
  })

  test.each(['v02/nothing', 'v99/no-state', 'constructor/a', ''])(
    '%j is not there',
    async (name) => {
      const { status } = await workshop.get(`/requests/edit?prepared=${name}`)
      expect(status).toBe(404)
    },
  )
})

describe("a learner's copy", () => {
  test('may refuse and fail in its own way, and the page says where', async () => {
    const folder = join(workshop.playground, 'v02')
    copyVersion('v02', folder)
    const file = join(folder, 'client/routes/login.ts')
    const source = readFileSync(file, 'utf8')
    const broken = source.replace(
      'const state =',
      "const isReady = false\n    if (!isReady) throw new Error('Not yet')\n    const state =",
    )
    writeFileSync(file, broken)
    const copy = knownVersion('copy-v02', workshop.playground) as KnownVersion
    const slot = await workshop.runner.openBeside(copy)
    await workshop.untilRunning(slot)
    const fields: Row[] = [
      ['slot', slot.id],
      ['program', 'client'],
      ['method', 'GET'],
    ]
    const { page } = await workshop.post('/requests/send', [...fields, ['path', '/login']])
    const place = page().querySelector('.refused a')
    expect(page().querySelector('.refused')?.text).toContain(
      "if (!isReady) throw new Error('Not yet')",
    )
    expect(place?.getAttribute('href')).toMatch(
      /^\/code\/copy-v02\/client\/routes\/login\.ts#L\d+$/,
    )

    const fresh: Row[] = [...fields, ['path', '/callback'], ['query-name', 'code']]
    const { status, page: told } = await workshop.post('/requests/send', [
      ...fresh,
      ['query-value', '{login_code}'],
    ])
    expect(status).toBe(200)
    expect(told().querySelector('#answers .problem')?.text).toMatch(
      /^A login at your v02, for the values of the request, failed: \/login returned 500\./,
    )
    await workshop.runner.close(slot)
  })
})

describe('the same request at the version before', () => {
  test('gets values of the same kind there, and the page says what each version makes of it', async () => {
    const { version, addresses } = workshop.main
    const driver = driverAt(version, addresses)
    const [victim, attacker] = [driver.browser(), driver.browser()]
    await driver.beginLogin(victim)
    const { searchParams } = new URL(await driver.loginUntilCallback(attacker, 'user1'))
    const cookie = await victim.jar.getCookieString(addresses.client)
    const { page } = await send([
      ['program', 'client'],
      ['method', 'GET'],
      ['path', '/callback'],
      ...[...searchParams].flatMap(([name, value]): Row[] => [
        ['query-name', name],
        ['query-value', value],
      ]),
      ['header-name', 'cookie'],
      ['header-value', cookie],
    ])
    const form = page.querySelector('form[action="/requests/before"]')
    expect(form?.text).toContain('The same at v01-code-flow')
    const message = form?.querySelector('[name="message"]')?.getAttribute('value') ?? ''

    const { text, page: both } = await send([['message', message]], '/requests/before')
    expect(text('.verdict p')).toMatch(
      /^v01-code-flow accepts this\. v02-state rejects it at client\/routes\/callback\.ts:\d+\.$/,
    )
    expect(text('.verdict ul')).toMatch(/code \d+: the code of a login in another browser there/)
    expect(text('.verdict ul')).toMatch(/state \d+: the same, because a login there gives none/)
    expect(both.querySelectorAll('.answer h2 .badge').map((badge) => badge.text)).toEqual([
      '400 Bad Request',
      '200 OK',
    ])
    // It is asked again without another start.
    await send([['message', message]], '/requests/before')
    expect(workshop.runner.slots.map((slot) => slot.version.id)).toEqual([
      'v02-state',
      'v01-code-flow',
    ])
  })

  test('gets a used code for a used code: a new one would tell a wrong story', async () => {
    const message = await newest('client to server, POST /token')
    const { page } = await workshop.get(`/requests/edit?message=${message}`)
    const fields = page()
      .querySelectorAll('#request :is(.as-form, .as-header) input')
      .map((input): Row => [input.getAttribute('name') ?? '', input.getAttribute('value') ?? ''])
    const again = await send([...TOKEN, ...fields])
    expect(again.text('.refused p')).toContain('The code is unknown, used, expired')
    const sent = again.page.querySelector('form [name="message"]')?.getAttribute('value') ?? ''
    const { text } = await send([['message', sent]], '/requests/before')
    expect(text('.verdict p')).toMatch(
      /^v01-code-flow rejects this at \S+\. v02-state rejects it at/,
    )
    expect(text('.verdict ul')).toMatch(/code \d+: a code that was used there, too/)
  })
})

/** Opens all lists of a lesson, and sends requests in them. The first click may start the version. */
async function sendThem(page: Page, version: Version, count?: number): Promise<void> {
  const runs = workshop.runner.slots.some((slot) => slot.version.name === version.name)
  await page.goto(`${workshop.url}/lessons/${version.name}/try-it`)
  for (const summary of await page.locator('.requests > summary').all()) await summary.click()
  const requests = preparedRequests(version).slice(0, count)
  for (const [index, { id }] of requests.entries()) {
    await page.locator(`#send-${id}`).click()
    if (index === 0 && !runs) await page.getByRole('button', { name: 'Start it, and send' }).click()
    await page.locator(`#answer-${id} > .callout.good`).waitFor()
  }
}

describe.runIf(testsPages)(NEEDS_CHROMIUM, () => {
  test('a request is changed and sent by clicks', async () => {
    const page = await workshop.visit('/traffic')
    const row = page.locator('.row.request', { hasText: 'client to server, POST /token' }).last()
    await row.locator('summary').first().click()
    await row.getByRole('link', { name: 'Change and send' }).click()

    await page.getByLabel('Value, Form 2').fill('a-guess')
    await page.getByRole('button', { name: 'Leave out: redirect_uri' }).click()
    await page
      .getByRole('button', { name: 'Leave out: redirect_uri' })
      .waitFor({ state: 'detached' })
    expect(await page.getByLabel('Value, Form 2').inputValue()).toBe('a-guess')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    const refused = page.locator('.refused')
    await refused.waitFor()
    expect(await refused.textContent()).toContain('redirect_uri is missing')
    expect(await page.locator('.answer h2').textContent()).toContain('400 Bad Request')
    expect(await page.locator('#heard').textContent()).toBe('v02-state responds 400 Bad Request')

    expect(await seriousProblems(page)).toEqual([])

    await refused.getByRole('link').first().click()
    await page.waitForURL(/\/code\/v02-state\/server\/\S+\.ts#L\d+$/)
  })

  test('the editor fits, light and dark, and axe finds nothing serious', async () => {
    const message = await newest('client to server, POST /token')
    await workshop.inspect(`/requests/edit?message=${message}`, 'request')
  })

  test('a click sends a prepared request, and another one sends it to the version before', async () => {
    const page = await workshop.newPage()
    await sendThem(page, findVersion('v02'), all ? undefined : 1)
    await page.locator('#send-trap').click()
    const place = page.locator('#answer-trap .refused a').first()
    expect(await place.textContent()).toMatch(/^client\/routes\/callback\.ts:\d+$/)

    await page.locator('#before-trap').click()
    const before = page.locator('#at-before-trap > .callout.good')
    expect(await before.textContent()).toContain('v01-code-flow responds with 200 OK')

    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    expect(await seriousProblems(page)).toEqual([])
  })

  test.runIf(all).each(versions.filter(({ number }) => number !== 2))(
    'a click sends each prepared request of $name',
    async (version) => {
      await sendThem(await workshop.newPage(), version)
    },
  )
})
