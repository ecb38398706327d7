import { full } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { stoppedSince } from '../attacks/attack.ts'
import { withoutCheck } from '../attacks/deciding-lines.ts'
import { playAttack } from '../attacks/play.ts'
import { attacks } from '../attacks/stories/index.ts'
import { findVersion } from '../programs/versions.ts'

const checks = attacks.flatMap((attack) => {
  const version = findVersion(String(stoppedSince(attack) ?? 1))
  return attack.checks.map((check) => ({ attack, check, version, name: version.name }))
})

describe('the line that stops an attack', () => {
  // One for each version, and all of them where the long share is asked for.
  const first = checks.filter(({ name }, at) => checks.findIndex((one) => one.name === name) === at)

  test.concurrent.each(full ? checks : first)(
    '$attack.slug works again in a copy of $name without $check.line',
    async ({ attack, check, version }) => {
      const copy = await withoutCheck(version, check)
      try {
        const { ending } = await playAttack(attack, copy.version)
        expect(ending).toMatchObject({ result: 'works' })
      } finally {
        await copy.remove()
      }
    },
    30_000,
  )
})
