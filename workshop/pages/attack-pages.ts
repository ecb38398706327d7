import {
  type Attack,
  blockedSince,
  blockingVersion,
  checksOf,
  expectedResult,
  type Result,
  tellingVersions,
} from '@oauth-lab/course/attacks/attack.ts'
import { findLine } from '@oauth-lab/course/attacks/deciding-lines.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { didYouMean } from '@oauth-lab/course/did-you-mean.ts'
import { versionBefore } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { viewMatrix, viewRanges } from '../attacks/matrix-view.ts'
import { type Play, Plays, type Turn } from '../attacks/plays.ts'
import { viewLine, viewPlay } from '../attacks/story-view.ts'
import { choicesIn, type KnownVersion, knownVersions, requireVersion } from '../known-versions.ts'
import { linkRules } from '../lesson/linked-text.ts'
import { openPage } from '../lesson/outline.ts'
import { isForPart } from '../local-requests.ts'
import { found, PageTrouble } from '../page-trouble.ts'
import type { Workshop } from '../workshop.ts'
import { lessonVersion } from './lesson-pages.ts'

interface Asked {
  Params: { slug: string }
  Querystring: { on?: string | string[]; play?: string }
}

/** What the form sends. */
interface Order {
  /** Ids of versions. An empty id means none. */
  on?: string | string[]
  /** `1` to also play it on copies without their checks. */
  weakened?: string
  /** `steps` to show one step at a time. */
  pace?: string
  /** `end` to show only how it ends. */
  show?: string
}

const ASSETS = { styles: ['lanes', 'attacks'], scripts: ['attacks'], wide: true }
/** How many versions fit side by side. */
const MOST_VERSIONS = 3

/** `/attacks`: the results of all attacks. A click plays one and shows it step by step. */
export async function attackPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { playground, progress, jobs } = workshop
  const plays = new Plays(jobs)

  app.get('/attacks', (_request, reply) => {
    const page = { title: 'Attacks', count: attacks.length, matrix: viewMatrix() }
    return reply.viewAsync('attacks', { ...page, ...ASSETS })
  })

  app.get<Asked>('/attacks/:slug', async ({ params, query }, reply) => {
    const attack = findAttack(params.slug)
    const telling = tellingVersions(attack, snapshots())
    const asked = versionsOf(query.on)
    const play = query.play === undefined ? undefined : findPlay(query.play)
    return reply.viewAsync('attack', {
      title: attack.title,
      attack,
      rule: linkRules(attack.rule),
      remedy: attack.remedy === undefined ? undefined : linkRules(attack.remedy),
      ranges: viewRanges(attack),
      stoppers: await stoppersOf(attack),
      chosen: (asked.length > 0 ? asked : telling).map(({ id }) => id),
      choices: choicesIn(playground),
      weakenable: blockingVersion(attack, snapshots()),
      play: play && viewPlay(play),
      ...ASSETS,
    })
  })

  app.post<Asked>('/attacks/:slug/plays', async (request, reply) => {
    const attack = findAttack(request.params.slug)
    const { on, weakened, pace, show }: Order = Object(request.body)
    const versions = versionsOf(on)
    if (versions.length === 0)
      throw new PageTrouble(400, 'Choose a version to play this attack on.')
    const turns = versions.flatMap((version) => turnsOf(attack, version, weakened === '1'))
    const play = plays.begin(attack, turns, pace === 'steps')
    if (isForPart(request)) return sendPlay(reply, play, show)
    await play.ended
    return reply.redirect(`/attacks/${attack.slug}?play=${play.id}`, 303)
  })
  // The page polls this while the attack is being played.
  app.get<{ Params: { id: string; show?: string } }>(
    '/attacks/plays/:id/:show?',
    (request, reply) => {
      const { id, show } = request.params
      return sendPlay(reply, findPlay(id), show)
    },
  )

  app.get<{ Params: { version: string } }>('/lessons/:version/attacks', (request, reply) => {
    const version = requireVersion(lessonVersion(request.params.version).name, playground)
    return reply.viewAsync('attacks-lesson', {
      title: `The attacks - ${version.name}`,
      outline: openPage(request, version, 'attacks', progress),
      version,
      groups: groupsFor(version),
      ...ASSETS,
    })
  })

  function snapshots(): KnownVersion[] {
    return knownVersions(playground).filter(({ leadsTo }) => leadsTo === undefined)
  }

  /** Each version once, and no more than fit. */
  function versionsOf(on: Order['on']): KnownVersion[] {
    const ids = new Set([on ?? []].flat().filter((id) => id !== ''))
    return [...ids].slice(0, MOST_VERSIONS).map((id) => requireVersion(id, playground))
  }

  function findPlay(id: string) {
    return found(plays.find(id), 'This run is no longer kept. Play the attack again.')
  }

  async function stoppersOf(attack: Attack) {
    const version = blockingVersion(attack, snapshots())
    if (version === undefined) return []
    const checks = checksOf(attack, version)
    const lines = await Promise.all(checks.map((check) => findLine(version, check)))
    return lines.flatMap((line) => (line === undefined ? [] : viewLine(version, line)))
  }

  /** The attacks grouped by their result in one version, each with the versions to play it on. */
  function groupsFor(version: KnownVersion) {
    const before = versionBefore(version)?.number ?? 0
    const entries = attacks.map((attack) => ({
      attack,
      result: expectedResult(attack, version) ?? 'nothing',
      isNew: (blockedSince(attack) ?? 0) > before,
      on: versionsToPlay(attack, version).map(({ id }) => id),
    }))
    const having = (result: Result) => entries.filter((entry) => entry.result === result)
    const blocked = having('blocked')
    return [
      { heading: 'Blocked from this version', entries: blocked.filter(({ isNew }) => isNew) },
      { heading: 'Still succeeds', entries: having('succeeds') },
      {
        heading: 'Blocked before, and still blocked',
        entries: blocked.filter(({ isNew }) => !isNew),
      },
      { heading: 'Nothing to attack yet', entries: having('nothing') },
    ].filter((group) => group.entries.length > 0)
  }

  /** A version, next to one with the other result: a later one that blocks it, else an earlier one. */
  function versionsToPlay(attack: Attack, version: KnownVersion): KnownVersion[] {
    const others = snapshots()
    const resultIn = (other: KnownVersion) => expectedResult(attack, other)
    const result = resultIn(version)
    const before = (wanted: Result) => {
      return others.findLast((other) => other.number < version.number && resultIn(other) === wanted)
    }
    const after = others.find((other) => {
      return other.number > version.number && resultIn(other) === 'blocked'
    })
    if (result !== 'blocked' && after !== undefined) return [version, after]
    const left = before(result === 'blocked' ? 'succeeds' : 'blocked')
    return [left, version].filter((one) => one !== undefined)
  }
}

/**
 * The attack with this name.
 *
 * @throws {PageTrouble} if there is none
 */
function findAttack(slug: string): Attack {
  const attack = attacks.find((candidate) => candidate.slug === slug)
  const slugs = attacks.map((one) => one.slug)
  const question = didYouMean(slug, slugs)
  return found(
    attack,
    `There is no attack with that name.${question} The page Attacks lists them all.`,
  )
}

function sendPlay(reply: FastifyReply, play: Play, show: string | undefined) {
  return reply.viewAsync(show === 'end' ? 'attack-end' : 'attack-play', { play: viewPlay(play) })
}

function turnsOf(attack: Attack, version: KnownVersion, weakened: boolean): Turn[] {
  const asItIs = { version, without: undefined }
  if (!weakened) return [asItIs]
  return [asItIs, ...checksOf(attack, version).map((check) => ({ version, without: check }))]
}
