import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { expect, onTestFinished, test } from 'vitest'
import { untilAnswers, whoAnswers } from '../programs/who-answers.ts'

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

test.each([
  ['a head that comes byte by byte', 'HTTP/1.1 200 OK\r\nx: '],
  ['a body without end', 'HTTP/1.1 200 OK\r\n\r\n'],
])('%s does not hold up the check of a port', async (_what, start) => {
  const port = await freePort()
  let closed: Promise<unknown> | undefined
  const stranger = createServer((socket) => {
    socket.write(start)
    const drip = setInterval(() => socket.write('x'), 50)
    closed = new Promise((resolve) => socket.once('close', () => resolve(clearInterval(drip))))
    socket.on('error', () => undefined)
  }).listen(port, 'localhost')
  onTestFinished(() => void stranger.close())
  await once(stranger, 'listening')
  expect(await whoAnswers(port)).toEqual({ program: undefined, takesRequests: true })
  await closed
})
