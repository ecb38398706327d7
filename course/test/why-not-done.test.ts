import { expect, test } from 'vitest'
import type { Finding } from '../exercises/check-copy.ts'
import { NotYet } from '../exercises/check-stage.ts'
import type { Sentence } from '../exercises/sentence.ts'
import { whyNotDone } from '../exercises/why-not-done.ts'

const [first, second, third] = ['first', 'second', 'third'].map((id): Sentence => {
  return { id, text: id, file: 'server/app.ts', probe: async () => undefined }
}) as [Sentence, Sentence, Sentence]
const fails: Finding = { sentence: first, status: 'open', seen: 'it breaks', place: first.file }
const waits: Finding = { sentence: second, status: 'waiting', for: [first] }

test('a check that waits names those that fail, and not those that wait like itself', () => {
  const last: Finding = { sentence: third, status: 'waiting', for: [first, second] }
  expect(whyNotDone(last, [fails, waits, last])).toBe('Waiting for check 1.')
})

test('a check that waits only for one that waits itself names that one', () => {
  const last: Finding = { sentence: third, status: 'waiting', for: [second] }
  expect(whyNotDone(last, [fails, waits, last])).toBe('Waiting for check 2.')
})

test('what a check saw is short, whatever a copy responds', () => {
  expect(new NotYet(`POST /token returns ${'x'.repeat(1_000_000)}`).message.length).toBeLessThan(
    600,
  )
})
