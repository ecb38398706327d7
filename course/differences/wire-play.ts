import { portOf } from '@oauth-lab/shared/config.ts'
import { type Browser, html } from '@oauth-lab/shared/testing/browser.ts'
import { passTime } from '@oauth-lab/shared/testing/clock.ts'
import { credentials } from '@oauth-lab/shared/testing/driver.ts'
import { basic, type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { type Exchange, recorded } from '@oauth-lab/shared/testing/recorder.ts'
import { loadPrograms } from '../attacks/load-programs.ts'
import { CliRun, startCli } from '../exercises/cli-run.ts'
import { startWorker, untilEnded } from '../exercises/worker-run.ts'
import { programsOf } from '../programs/programs.ts'
import type { Version } from '../programs/versions.ts'
import { type Field, type Message, messagesOf } from './wire-record.ts'

/** An action of the user, and all its messages. */
export interface Act {
  name: string
  messages: Message[]
  /** Why it stopped early, if it did. */
  end: string | undefined
}

/** Longer than the lifetime of an access token in every version, in seconds. */
const AN_HOUR_LATER = 3660

/** How to play an act. The folder is the version's. */
type Play = (lab: Lab, browser: Browser, folder: string) => Promise<unknown>

const WORKER = 'worker'
const APP = 'cli'
/** The last acts name a program that ends by itself, which sends what no other request leads to. */
const ACTS: [name: string, play: Play, program?: string][] = [
  ['Open the client', (lab, browser) => browser.visit(`${lab.clientUrl}/`)],
  ['Log in', (lab, browser) => lab.login(browser)],
  [
    'Open the profile, an hour and a minute later',
    async (lab, browser) => {
      passTime(AN_HOUR_LATER)
      await browser.visit(`${lab.clientUrl}/profile`)
    },
  ],
  [
    'Log out',
    async (lab, browser) =>
      browser.follow(await browser.open(`${lab.clientUrl}/logout`, { method: 'POST' })),
  ],
  ['Send a wrong authorization request', sendWrongRequest],
  ['Log in again', (lab, browser) => lab.login(browser)],
  // Late, because it may get more tokens, and the names of values count them.
  ['Open the email address', openEmail],
  [
    'Log out at the server',
    (lab, browser) => browser.open(`${lab.serverUrl}/logout`, { method: 'POST' }),
  ],
  ['Disconnect the client at the server', disconnectClient],
  ['Run the worker', (lab, _browser, folder) => runWorker(lab, folder), WORKER],
  ['Log in with the command-line app', runApp, APP],
]

/**
 * Runs a version on free ports, plays a whole session with it, and returns every message. Addresses have
 * the default ports, and names replace random values, so two runs give the same result.
 *
 * @throws {ToldError} if its programs don't load
 */
export async function playSession({ folder }: Version): Promise<Act[]> {
  const exchanges: Exchange[] = []
  const lab = await startLab(recorded(await loadPrograms(folder), exchanges))
  const browser = lab.browser()
  const name = nameValues(lab)
  try {
    const acts: Act[] = []
    for (const [title, play, program] of ACTS) {
      const end = await play(lab, browser, folder).then(
        () => undefined,
        (error: Error) => error.message,
      )
      acts.push({ name: title, messages: messagesOf(exchanges.splice(0), program).map(name), end })
    }
    return acts
  } finally {
    await lab.close()
  }
}

/** Starts a login, and asks for a response type that no version supports. */
async function sendWrongRequest(lab: Lab, browser: Browser): Promise<void> {
  const url = new URL(await lab.beginLogin(browser))
  url.searchParams.set('response_type', 'token')
  await browser.visit(url.href)
}

/** Opens the page with the email address. Where that page offers a login for it, allows it. */
async function openEmail(lab: Lab, browser: Browser): Promise<void> {
  const page = await browser.visit(`${lab.clientUrl}/email`)
  const offer = html(page).querySelector('a[href^="/login?"]')?.getAttribute('href')
  if (offer === undefined) return
  const { location = '' } = await browser.open(`${lab.clientUrl}${offer}`)
  await browser.follow(await browser.answerForms(await browser.open(location), {}))
}

async function disconnectClient(lab: Lab, browser: Browser): Promise<void> {
  const start = await browser.open(`${lab.serverUrl}/account`)
  if (start.status !== 200) return
  const page = await browser.follow(await browser.submit(start, credentials('user0')))
  await browser.follow(await browser.submit(page, { client_id: lab.config.clientId }))
}

async function runWorker({ config, serverUrl, apiUrl }: Lab, folder: string): Promise<void> {
  if (!programsOf({ folder }).ending.includes(WORKER)) return
  const settings = {
    AUTH_SERVER_URL: serverUrl,
    API_URL: apiUrl,
    WORKER_ID: config.workerId,
    WORKER_SECRET: config.workerSecret,
  }
  await untilEnded(startWorker(folder, settings))
}

/** Runs the command-line app of a version that has one, logs in where it says, and waits for its end. */
async function runApp({ serverUrl, apiUrl }: Lab, browser: Browser, folder: string): Promise<void> {
  if (!programsOf({ folder }).ending.includes(APP)) return
  const start = (settings: Record<string, string>) => startCli(folder, ['--no-open'], settings)
  const app = await CliRun.start(start, { serverUrl, apiUrl, close: () => undefined })
  if (app.url !== undefined) {
    const page = await browser.answerForms(await browser.open(app.url.href), credentials('user0'))
    if (page.location !== undefined) await browser.open(page.location)
  }
  await app.untilEnded()
}

/** A random value: base64url, or what a version may use instead. Unguessable values are long. */
const SECRET = /[\w.~-]{32,}/g
/** The value of a cookie may contain any character of base64, as its signature does. */
const COOKIE = /([^;=\s]+)=([^;\s]{32,})/g

/** Names each random value after the parameter in which it first appears. */
function nameValues(lab: Lab): (message: Message) => Message {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const { clientId, clientSecret, workerId, workerSecret } = lab.config
  const clients = [
    [clientId, clientSecret],
    [workerId, workerSecret],
  ] as const

  return ({ fields, page, ...message }) => {
    const named = fields.map(({ name, value }) => ({ name, value: put(name, value) }))
    const shown = [...names].filter(([value]) => page.includes(value)).map(([, name]) => name)
    const shows: Field[] = shown.length > 0 ? [{ name: 'page shows', value: shown.join(', ') }] : []
    return { ...message, fields: [...named, ...shows], page: '' }
  }

  function put(field: string, value: string): string {
    const named = field.endsWith('Cookie')
      ? value.replace(
          COOKIE,
          (_all, cookie, secret) => `${cookie}=${nameOf(holderOf(cookie), secret)}`,
        )
      : decodeBasic(value).replace(SECRET, (secret) => nameOf(field, secret))
    return withDefaultPorts(lab, named)
  }

  function decodeBasic(value: string): string {
    const found = clients.find(([id, secret]) => value === basic(id, secret))
    return found === undefined ? value : `Basic base64(${found.join(':')})`
  }

  /** What a cookie is the key to. Its name ends with the port of its program. */
  function holderOf(cookie: string): string {
    return cookie.endsWith(`_${portOf(lab.serverUrl)}`) ? 'server session' : 'session'
  }

  function nameOf(what: string, value: string): string {
    const known = names.get(value)
    if (known !== undefined) return known
    const count = (counts.get(what) ?? 0) + 1
    counts.set(what, count)
    const name = count === 1 ? `<${what}>` : `<${what} ${count}>`
    names.set(value, name)
    return name
  }
}

/** Ports are in addresses and in the names of cookies. */
function withDefaultPorts({ config }: Lab, value: string): string {
  return (
    value
      .replaceAll(new URL(config.authServerUrl).port, '25000')
      .replaceAll(new URL(config.clientUrl).port, '25001')
      // The system chooses the port of an app.
      .replace(/(127\.0\.0\.1):\d+/g, '$1:<port>')
  )
}
