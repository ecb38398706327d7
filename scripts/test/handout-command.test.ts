import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findVersion } from '@oauth-lab/course/programs/versions.ts'
import { expect, onTestFinished, test } from 'vitest'
import { main } from '../handout.ts'

test('the command writes a lesson to the given path, and rejects unknown options and versions', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-handout-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'lessons.html')
  expect(await main(['v02', '--out', file])).toBe(0)
  const html = readFileSync(file, 'utf8')
  expect(html).toMatch(/^<!doctype html>/i)
  expect(html).toContain('<h1>v02: state</h1>')
  expect(html).not.toContain('<h1>v01')
  await expect(main(['--out', join(folder, 'missing', 'lessons.html')])).rejects.toMatchObject({
    exitStatus: 1,
  })
  for (const wrong of [['--paper'], ['v99'], ['v01', 'v02']]) {
    await expect(main(wrong)).rejects.toMatchObject({ exitStatus: 2 })
  }
  expect(existsSync(join(folder, 'missing'))).toBe(false)
})

test('a copy has no lesson to print', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-lab-handout-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const copy = join(folder, 'v02')
  cpSync(join(findVersion('v02').folder, 'server'), join(copy, 'server'), { recursive: true })
  await expect(main([copy])).rejects.toMatchObject({
    exitStatus: 2,
    message: 'A copy has no lesson of its own. Name its version: npm run handout v02',
  })
})
