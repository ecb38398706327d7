import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLesson } from '../lessons/lesson.ts'
import { findVersion, listVersions, ROOT, versionBefore } from '../programs/versions.ts'

test('a version is found by its number, its short name, its name, and its folder', () => {
  for (const text of ['3', '03', 'v3', 'v03', 'V03', 'v03-pkce', 'versions/v03-pkce']) {
    expect(findVersion(text, ROOT), text).toEqual({
      name: 'v03-pkce',
      folder: join(ROOT, 'versions', 'v03-pkce'),
      number: 3,
    })
  }
  expect(findVersion('.', join(ROOT, 'versions', 'v03-pkce')).name).toBe('v03-pkce')
})

test('an unknown version gets a list of those that exist', () => {
  for (const text of ['0', '77', 'v3-pkce', 'pkce', 'shared', '']) {
    expect(() => findVersion(text, ROOT), text).toThrow(
      `There is no version ${JSON.stringify(text)}. Choose one of these: v01-code-flow, v02-state, `,
    )
  }
})

test('the versions are in the order of their numbers, each linked to the one before it', () => {
  const versions = listVersions()
  expect(versions.map(({ number }) => number)).toEqual(versions.map((_, index) => index + 1))
  expect(versions.map(versionBefore)).toEqual([undefined, ...versions.slice(0, -1)])
})

test('the README of each version gives its idea in one line and what to try first', () => {
  for (const version of listVersions()) {
    const { title, idea, tryFirst } = readLesson(version)
    expect(title, version.name).toMatch(/^v\d\d: /)
    expect(idea, version.name).toMatch(/^.{20,120}\.$/)
    expect(tryFirst, version.name).toMatch(/^[A-Z].{20,160}\.$/)
  }
})
