import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { main } from '../handout.ts'

test('the command writes the handout to the given path, and rejects unknown options', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-handout-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'lessons.html')
  expect(await main(['--out', file])).toBe(0)
  expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>/i)
  await expect(main(['--out', join(folder, 'missing', 'lessons.html')])).rejects.toMatchObject({
    exitStatus: 1,
  })
  await expect(main(['--paper'])).rejects.toMatchObject({ exitStatus: 2 })
  expect(existsSync(join(folder, 'missing'))).toBe(false)
})
