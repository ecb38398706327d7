import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { expect, test } from 'vitest'
import { untilAnswers } from '../programs/who-answers.ts'

test('who tests a port and hangs up is not taken for the program that starts there', async () => {
  const port = await freePort()
  const tester = createServer((socket) => socket.destroy()).listen(port, 'localhost')
  await once(tester, 'listening')
  const never = new AbortController().signal
  const answered = untilAnswers(port, never).then(() => 'answered')
  const asksAgain = once(tester, 'connection')
    .then(() => once(tester, 'connection'))
    .then(() => 'asks again')
  expect(await Promise.race([answered, asksAgain])).toBe('asks again')

  tester.close()
  await once(tester, 'close')
  const program = createHttpServer((_, response) => response.end()).listen(port, 'localhost')
  expect(await answered).toBe('answered')
  program.close()
})
