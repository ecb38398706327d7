import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import { readLesson } from '@oauth-lab/course/lessons/lesson.ts'
import { listVersions, ROOT } from '@oauth-lab/course/programs/versions.ts'
import { expect, test } from 'vitest'

/** A line of a plan: its start, its length, and its content. */
const LINE = /^\| (\d+):(\d\d) \| (\d*) \| (.+) \|$/gm

const teaching = readFileSync(join(ROOT, 'docs', 'teaching.md'), 'utf8').replaceAll('\r\n', '\n')

test.each([
  ['Half a day', 210],
  ['A whole day', 390],
  ['Half a day more: permissions', 210],
  ['Two hours more: ending access', 120],
  ['One hour more: programs without users', 60],
  ['Two hours more: an API of its own', 120],
])('the plan of "%s" adds up, and gives each lesson its minutes', (heading, length) => {
  const [plan = ''] = teaching.split(`## ${heading}\n`)[1]?.split('\n## ') ?? []
  let clock = 0
  for (const [line, hours, minutes, duration, what = ''] of plan.matchAll(LINE)) {
    expect(Number(hours) * 60 + Number(minutes), line).toBe(clock)
    clock += Number(duration)
    const version = listVersions().find(({ name }) => what.includes(name))
    if (version !== undefined) {
      expect(Number(duration), line).toBe(factsOf(readLesson(version)).minutes)
    }
  }
  expect(clock).toBe(length)
})
