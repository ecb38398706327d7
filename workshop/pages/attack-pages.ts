import {
  type Attack,
  expectedResult,
  type Result,
  stoppedSince,
  tellingVersions,
} from '@oauth-lab/course/attacks/attack.ts'
import { findLine } from '@oauth-lab/course/attacks/deciding-lines.ts'
import { WORDS } from '@oauth-lab/course/attacks/matrix.ts'
import { attacks } from '@oauth-lab/course/attacks/stories/index.ts'
import { versionBefore } from '@oauth-lab/course/programs/versions.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { resultsOf, viewMatrix } from '../attacks/matrix-view.ts'
import { Plays, type Turn } from '../attacks/plays.ts'
import { linkRules } from '../attacks/rule-links.ts'
import { type LineView, viewLine, viewPlay } from '../attacks/story-view.ts'
import { requireVersion, titleOf } from '../difference/chosen-versions.ts'
import { type KnownVersion, knownVersions } from '../known-versions.ts'
import { openPage } from '../lesson/outline.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Workshop } from '../workshop.ts'
import { lessonVersion } from './lesson-pages.ts'

interface Asked {
  Params: { slug: string }
  Querystring: { on?: string | string[]; play?: string }
}

/** What a form asks to be played. */
interface Order {
  /** Ids of versions; an empty one stands for none. */
  on?: string | string[]
  /** `1` to play it on copies of them without their checks, too. */
  weakened?: string
  /** `steps` to see one at a time. */
  pace?: string
}

const ASSETS = { styles: ['lanes', 'attacks'], scripts: ['attacks'], wide: true }
/** How many versions fit next to each other. */
const MOST_VERSIONS = 3

/** `/attacks`: what stops which attack; each is played on a click, and told as a story. */
export async function attackPages(app: FastifyInstance, workshop: Workshop): Promise<void> {
  const { playground, progress, jobs } = workshop
  const plays = new Plays(jobs)

  app.get('/attacks', (_request, reply) => {
    const matrix = viewMatrix()
    const count = matrix.groups.reduce((sum, { rows }) => sum + rows.length, 0)
    return reply.viewAsync('attacks', { title: 'Attacks', count, matrix, ...ASSETS })
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
      results: resultsOf(attack),
      words: WORDS,
      stoppers: await stoppersOf(attack),
      chosen: (asked.length > 0 ? asked : telling).map(({ id }) => id),
      choices: knownVersions(playground).map((version) => ({
        id: version.id,
        title: titleOf(version),
      })),
      weakenable: stoppingVersion(attack),
      play: play && viewPlay(play),
      ...ASSETS,
    })
  })

  app.post<Asked>('/attacks/:slug/plays', async (request, reply) => {
    const attack = findAttack(request.params.slug)
    const { on, weakened, pace }: Order = Object(request.body)
    const versions = versionsOf(on)
    if (versions.length === 0)
      throw new PageTrouble(400, 'Choose a version to play this attack on.')
    const turns = versions.flatMap((version) => turnsOf(attack, version, weakened === '1'))
    const play = plays.begin(attack, turns, pace === 'steps')
    if (isPart(request)) return reply.viewAsync('attack-play', { play: viewPlay(play) })
    await play.ended
    return reply.redirect(`/attacks/${attack.slug}?play=${play.id}`, 303)
  })
  // What the page asks for as long as it is being played.
  app.get<{ Params: { id: string } }>('/attacks/plays/:id', ({ params }, reply) => {
    return reply.viewAsync('attack-play', { play: viewPlay(findPlay(params.id)) })
  })

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

  /** Each of them once; of too many the first ones. */
  function versionsOf(on: Order['on']): KnownVersion[] {
    const ids = new Set([on ?? []].flat().filter((id) => id !== ''))
    return [...ids].slice(0, MOST_VERSIONS).map((id) => requireVersion(id, playground))
  }

  function findPlay(id: string) {
    const play = plays.find(id)
    if (play !== undefined) return play
    throw new PageTrouble(
      404,
      'This page is gone: the workshop keeps only the latest plays. Play the attack again.',
    )
  }

  /** The first version that stops an attack. */
  function stoppingVersion(attack: Attack): KnownVersion | undefined {
    const since = stoppedSince(attack)
    return snapshots().find(({ number }) => number === since)
  }

  async function stoppersOf(attack: Attack): Promise<LineView[]> {
    const version = stoppingVersion(attack)
    if (version === undefined) return []
    const lines = await Promise.all(attack.checks.map((check) => findLine(version, check)))
    return lines.flatMap((line) => (line === undefined ? [] : viewLine(version, line)))
  }

  /** The attacks as they concern one version, each with the versions to play it on. */
  function groupsFor(version: KnownVersion) {
    const before = versionBefore(version)?.number ?? 0
    const isNew = (attack: Attack) => {
      const since = stoppedSince(attack)
      return since !== undefined && since > before && since <= version.number
    }
    const entries = attacks.map((attack) => ({
      attack,
      result: expectedResult(attack, version) ?? 'nothing',
      isNew: isNew(attack),
      on: versionsToPlay(attack, version).map(({ id }) => id),
    }))
    const having = (result: Result) => entries.filter((entry) => entry.result === result)
    return [
      {
        heading: 'Blocked from this version on',
        entries: having('stopped').filter((entry) => entry.isNew),
      },
      { heading: 'Still succeeds', entries: having('works') },
      {
        heading: 'Blocked before, and still blocked',
        entries: having('stopped').filter((entry) => !entry.isNew),
      },
      { heading: 'Nothing to attack yet', entries: having('nothing') },
    ].filter((group) => group.entries.length > 0)
  }

  /** A version, next to the one that shows the other result: where it worked before, or is stopped later. */
  function versionsToPlay(attack: Attack, version: KnownVersion): KnownVersion[] {
    const others = snapshots()
    const resultIn = (other: KnownVersion) => expectedResult(attack, other)
    const result = resultIn(version)
    const before = others.findLast((other) => {
      return other.number < version.number && resultIn(other) === 'works'
    })
    const after = others.find((other) => {
      return other.number > version.number && resultIn(other) === 'stopped'
    })
    const [left, right] = result === 'stopped' ? [before, version] : [version, after]
    return [left, right].filter((one) => one !== undefined)
  }
}

/**
 * The attack of this name.
 *
 * @throws {PageTrouble} where there is none
 */
function findAttack(slug: string): Attack {
  const attack = attacks.find((candidate) => candidate.slug === slug)
  if (attack !== undefined) return attack
  throw new PageTrouble(404, 'There is no attack with that name. The Attacks page lists them all.')
}

function turnsOf(
  attack: Attack,
  version: KnownVersion,
  weakened: boolean,
): Pick<Turn, 'version' | 'without'>[] {
  const asItIs = { version, without: undefined }
  if (!weakened) return [asItIs]
  return [asItIs, ...attack.checks.map((check) => ({ version, without: check }))]
}

/** Whether it is htmx that asks: for a part of a page. */
function isPart({ headers }: FastifyRequest): boolean {
  return headers['hx-request'] === 'true'
}
