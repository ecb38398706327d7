import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { expect, test, vi } from 'vitest'
import { search } from '../search/search.ts'

const edited = vi.hoisted(() => ({ title: '' }))

vi.mock(import('@oauth-lab/course/lessons/lesson.ts'), async (importOriginal) => {
  const lessons = await importOriginal()
  const readLesson = (version: Version) => {
    const lesson = lessons.readLesson(version)
    return version.number !== 2 || edited.title === '' ? lesson : { ...lesson, ...edited }
  }
  return { ...lessons, readLesson }
})

test('the search finds a lesson by the words that it has since it was edited', () => {
  const found = () => search('a brand-new title', undefined, 5)
  expect(found()).toEqual([])
  edited.title = 'v02: A brand-new title'
  expect(found()).not.toEqual([])
})
