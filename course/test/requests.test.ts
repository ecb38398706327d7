import { readConfig } from '@oauth-lab/shared/config.ts'
import { type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { loadPrograms } from '../attacks/load-programs.ts'
import { partOf, readLesson } from '../lessons/lesson.ts'
import { type Addresses, addressesOf } from '../programs/programs.ts'
import { findVersion, listVersions, type Version, versionBefore } from '../programs/versions.ts'
import { preparedRequests } from '../requests/all-requests.ts'
import { driverAt, fillIn, namesIn, openConsent, settingsOf } from '../requests/fresh-values.ts'
import { valuesFor } from '../requests/lesson-values.ts'
import { post } from '../requests/make-draft.ts'
import type { Expected, PreparedRequest } from '../requests/request-draft.ts'
import { isExpected } from '../requests/said.ts'
import { type Answer, sendDraft } from '../requests/send.ts'

/** Each version runs once, for its own requests and for those of the next one. */
const labs = new Map<string, Promise<Lab>>()
afterAll(async () => {
  for (const lab of labs.values()) await (await lab).close()
})

async function start({ folder }: Version): Promise<Lab> {
  return startLab(await loadPrograms(folder))
}

async function addressesAt(version: Version): Promise<Addresses> {
  const lab = labs.get(version.name) ?? start(version)
  labs.set(version.name, lab)
  const { config, apiUrl } = await lab
  return { ...addressesOf(config), api: apiUrl }
}

async function send({ draft }: PreparedRequest, version: Version): Promise<Answer> {
  const addresses = await addressesAt(version)
  const values = await valuesFor(draft, driverAt(version, addresses))
  return sendDraft(fillIn(draft, values), addresses)
}

/** Those that a version answers in another way, each with its answer. */
async function findWrong(
  requests: PreparedRequest[],
  version: Version,
  expectedOf: (request: PreparedRequest) => Expected | undefined,
): Promise<unknown[]> {
  const wrong: unknown[] = []
  for (const request of requests) {
    const expected = expectedOf(request)
    const answer = await send(request, version)
    if (expected === undefined || !isExpected(answer, expected)) {
      wrong.push({ id: request.id, expected, answer })
    }
  }
  return wrong
}

test('a request with values of a login says what happens before it', () => {
  const silent = listVersions().flatMap((version) => {
    const settings = settingsOf(driverAt(version, addressesOf(readConfig({}))))
    return preparedRequests(version)
      .filter(({ first }) => first === undefined)
      .flatMap(({ id, draft }) => [...namesIn(draft)].map((name) => ({ id, name })))
      .filter(({ name }) => !(name in settings))
  })
  expect(silent).toEqual([])
})

test('a consent value belongs to the authorization request that it is sent with', async () => {
  const version = findVersion('v07')
  const addresses = await addressesAt(version)
  const driver = driverAt(version, addresses)
  const { searchParams } = new URL(driver.authorizeUrl())
  const headers = { cookie: '{consent_cookie}' }
  const form = { consent: '{consent}', decision: 'allow' }
  const draft = post('/consent', form, headers, Object.fromEntries(searchParams))
  const answer = await sendDraft(fillIn(draft, await valuesFor(draft, driver)), addresses)
  expect(isExpected(answer, { status: 303, words: 'code=' })).toBe(true)
})

const tried = firstAndNewest(listVersions())

describe.each(listVersions())('the prepared requests of $name', (version) => {
  const requests = preparedRequests(version)
  const before = versionBefore(version)

  test('are ten or more, each with an id of its own, in sections of "Try it"', () => {
    expect(requests.length).toBeGreaterThanOrEqual(10)
    expect(new Set(requests.map(({ id }) => id)).size).toBe(requests.length)
    const sections = partOf(readLesson(version), 'tryIt')?.parts.map(({ anchor }) => anchor)
    expect(sections).toEqual(expect.arrayContaining(requests.map(({ section }) => section)))
  })

  const isTried = tried.some(({ name }) => name === version.name)

  test.runIf(isTried)('get the status and the words that they name', async () => {
    expect(await findWrong(requests, version, ({ expected }) => expected)).toEqual([])
  })

  // In v08, user1 answers a question of the lesson, too.
  const readers = version.number === 8 ? ['user0', 'user1'] : ['user0']
  test.each(isTried && version.number >= 8 ? readers : [])(
    'leave it to %s what the client is allowed',
    async (user) => {
      const driver = driverAt(version, await addressesAt(version))
      const { searchParams } = new URL(driver.authorizeUrl())
      expect((await openConsent(driver, [...searchParams], user)).consent).not.toBe('')
    },
  )

  test.runIf(isTried && before)('get from the version before what they say', async () => {
    expect(await findWrong(requests, before ?? version, (one) => one.before)).toEqual([])
  })
})
