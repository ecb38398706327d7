import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { all } from '@oauth-lab/shared/testing/share.ts'
import { expect, onTestFinished, test } from 'vitest'
import { addressesFrom } from '../programs/programs.ts'
import { startEnding } from '../programs/run.ts'

test.runIf(all)(
  'an endless program that serves nobody is ended long before one with requests',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    mkdirSync(join(folder, 'worker'))
    writeFileSync(join(folder, 'worker', 'main.ts'), "console.log('started')\nfor (;;);\n")
    const outputs: string[] = []
    const worker = startEnding('worker', {
      version: { name: 'endless', folder, number: 0 },
      addresses: addressesFrom(25_000),
      onOutput: (text) => outputs.push(text),
    })
    await expect.poll(() => outputs.join(''), { timeout: 10_000 }).toContain('started')
    await worker.stop()
    expect((await worker.ended).signal).toBe('SIGKILL')
  },
  12_000,
)
