import { firstAndNewest, full } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { blockedSince } from '../attacks/attack.ts'
import { withoutCheck } from '../attacks/deciding-lines.ts'
import { playAttack } from '../attacks/play.ts'
import { attacks } from '../attacks/stories/index.ts'
import { findVersion } from '../programs/versions.ts'

const checks = attacks.flatMap((attack) => {
  return attack.checks.map((check) => {
    const version = findVersion(String(check.from ?? blockedSince(attack) ?? 1))
    return { attack, check, version, name: version.name }
  })
})

describe('the line that blocks an attack', () => {
  // One check for each version tried. The long share tests all of them.
  const first = checks.filter(({ name }, at) => checks.findIndex((one) => one.name === name) === at)

  test.each(full ? checks : firstAndNewest(first))(
    '$attack.slug succeeds in a copy of $name without $check.line',
    async ({ attack, check, version }) => {
      const copy = await withoutCheck(version, check)
      try {
        const { ending } = await playAttack(attack, copy.version)
        expect(ending).toMatchObject({ result: 'succeeds' })
      } finally {
        await copy.remove()
      }
    },
    120_000,
  )
})
