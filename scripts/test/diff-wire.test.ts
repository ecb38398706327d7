import { type Act, playSession } from '@oauth-lab/course/differences/wire-play.ts'
import { readWireSince, renderWireSince } from '@oauth-lab/course/differences/wire-since.ts'
import { findVersion, listVersions } from '@oauth-lab/course/programs/versions.ts'
import { firstAndNewest } from '@oauth-lab/shared/testing/share.ts'
import { expect, test } from 'vitest'
import { renderWire } from '../print/wire.ts'

const [v01, v03, v04, v05] = ['v01', 'v03', 'v04', 'v05'].map((name) => findVersion(name))
const played = new Map<string, Act[]>()
for (const version of [v01, v03, v04, v05]) {
  if (version !== undefined) played.set(version.name, await playSession(version))
}

function wire(older: typeof v01, newer: typeof v01): string[] {
  if (older === undefined || newer === undefined) throw new Error('a version is missing')
  const acts = [older, newer].map(({ name }) => played.get(name) ?? [])
  return renderWire([older, newer], acts as [Act[], Act[]]).split('\n')
}

/** The fields or messages that only one side has. */
function signed(lines: string[], sign: '+' | '-'): string[] {
  return lines
    .filter((line) => line.startsWith(`${sign}  `))
    .map((line) => line.slice(1).trim().replace(/ +/g, ' '))
}

test('two runs of one version give the same result, whatever their ports and random values', async () => {
  if (v05 === undefined) throw new Error('a version is missing')
  expect(await playSession(v05)).toEqual(played.get(v05.name))
})

test('from v01 to v03 the login gets state, challenge and verifier, each in the right message', () => {
  const lines = wire(v01, v03)
  expect(signed(lines, '-')).toEqual([])
  // Both start several logins. The values of later ones are numbered.
  const added = signed(lines, '+').map((line) => line.replace(/ \d>/, '>'))
  expect(new Set(added)).toEqual(
    new Set([
      'state <state>',
      'code_challenge <code_challenge>',
      'code_challenge_method S256',
      'code_verifier <code_verifier>',
      'Cookie oauth_lab_25001=<session>',
      'Set-Cookie oauth_lab_25001=<session>; Path=/; HttpOnly; SameSite=Lax',
    ]),
  )
  const token = lines.findIndex((line) => /client +-> server +POST \/token/.test(line))
  expect(lines.slice(token, token + 7).join('\n')).toMatch(/^\+ +code_verifier/m)
})

test("a field that neither version has isn't mentioned", () => {
  expect(wire(v01, v03).join('\n')).not.toMatch(/profile|logout|Log out|404/)
})

test('from v03 to v04 the page that shows the token is gone, and the profile uses the token', () => {
  const lines = wire(v03, v04)
  expect(signed(lines, '-')).toContain('page shows <code>, <access_token>')
  expect(signed(lines, '+')).toContain('Authorization Bearer <access_token>')
  expect(lines.join('\n')).toMatch(/^\+ back {3}client {2}-> server {3}GET \/api\/me$/m)
})

test('in v05 the user notices nothing after an hour, because the client refreshes', () => {
  const lines = wire(v04, v05)
  const later = lines.slice(lines.findIndex((line) => line.startsWith('Open the profile')))
  expect(signed(later, '+')).toContain('grant_type refresh_token')
  expect(signed(later, '-')).toContain('page Not logged in')
  expect(signed(later, '+')).toContain('page Profile')
})

test('the traffic page knows which version sends a field first', async () => {
  const tried = firstAndNewest(listVersions())
  const played: Record<string, number> = JSON.parse(await renderWireSince(tried))
  // The first of the versions tried that can have it.
  const firstWith = (since = Infinity) => tried.find(({ number }) => number >= since)?.number
  const known = readWireSince()
  const wrong = Object.entries(played).filter(([name, n]) => firstWith(known.get(name)) !== n)
  const expected = [...known].filter(([, since]) => tried.some(({ number }) => number === since))
  const gone = expected.filter(([name]) => played[name] === undefined)
  expect([...wrong, ...gone], 'It is stale. Renew it: npm run diff -- --write').toEqual([])
})
