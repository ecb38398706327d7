import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { expect, onTestFinished, test, vi } from 'vitest'

const LESSON = '@oauth-lab/course/lessons/lesson.ts'

test('the search finds a lesson by the words that it has since it was edited', async () => {
  const edited = { title: '' }
  const lessons =
    await vi.importActual<typeof import('@oauth-lab/course/lessons/lesson.ts')>(LESSON)
  const readLesson = (version: Version) => {
    const lesson = lessons.readLesson(version)
    return version.number !== 2 || edited.title === '' ? lesson : { ...lesson, ...edited }
  }
  // The files of tests share their modules.
  vi.resetModules()
  vi.doMock(LESSON, () => ({ ...lessons, readLesson }))
  onTestFinished(() => {
    vi.doUnmock(LESSON)
    vi.resetModules()
  })
  const { search } = await import('../search/search.ts')
  const found = () => search('a brand-new title', undefined, 5)
  expect(found()).toEqual([])
  edited.title = 'v02: A brand-new title'
  expect(found()).not.toEqual([])
})
