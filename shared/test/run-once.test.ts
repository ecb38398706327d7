import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const RUN_ONCE = new URL('../run-once.ts', import.meta.url).href

test.concurrent('a program that ends by itself exits with 0 when its task is done', async () => {
  expect(await run('async (config) => console.log(config.workerId)')).toEqual({
    status: 0,
    output: 'worker-client\n',
    errors: '',
  })
})

test.concurrent('it says in one printable line what went wrong, and exits with 1', async () => {
  const task = "async () => { throw new Error('one\\r\\ntwo\\u001b[2J three') }"
  expect(await run(task)).toEqual({ status: 1, output: '', errors: 'one two [2J three\n' })
})

test.concurrent('a program that waits for its user cleans up when its time is over', async () => {
  const task = `async (config, interrupted) => {
    try {
      await Promise.race([interrupted, new Promise((resolve) => setTimeout(resolve, 1e9))])
    } finally {
      console.log('clean')
    }
  }`
  const errors = 'This program did not finish within 0.001 minutes. Start it again.\n'
  const ended = { status: 1, output: 'clean\n', errors }
  expect(await run(`{ minutes: 0.001 }, ${task}`, 'runForUser')).toEqual(ended)
})

test.concurrent('it cleans up after a signal, too, and exits with 0 when nobody interrupts it', async () => {
  const task = `async (config, interrupted) => {
    process.emit('SIGTERM', 'SIGTERM')
    process.emit('SIGINT', 'SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 1))
    await interrupted.finally(() => console.log('clean'))
  }`
  const ended = { status: 1, output: 'clean\n', errors: 'Stopped before it finished.\n' }
  expect(await run(`{ minutes: 5 }, ${task}`, 'runForUser')).toEqual(ended)
  const done = { status: 0, output: 'done\n', errors: '' }
  expect(await run(`{ minutes: 5 }, async () => console.log('done')`, 'runForUser')).toEqual(done)
})

/** Runs a task, as source text, in a process of its own. */
async function run(task: string, name = 'runOnce') {
  const source = `import { ${name} } from ${JSON.stringify(RUN_ONCE)}\nawait ${name}(${task})`
  const args = ['--import', 'tsx/esm', '--input-type=module', '--eval', source]
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname })
  const [output, errors] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ])
  return { status: child.exitCode, output, errors }
}
