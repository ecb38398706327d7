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

/** Runs a task, as source text, in a process of its own. */
async function run(task: string) {
  const source = `import { runOnce } from ${JSON.stringify(RUN_ONCE)}\nawait runOnce(${task})`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', source]
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname })
  const [output, errors] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ])
  return { status: child.exitCode, output, errors }
}
