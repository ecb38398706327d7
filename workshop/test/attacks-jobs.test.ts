import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'
import { full } from '@oauth-lab/shared/testing/share.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JobError, Jobs } from '../jobs/jobs.ts'

const JOBS = join(import.meta.dirname, '..', 'jobs')
const HANGS = 'writeFileSync(input.file, String(process.pid)); for (;;) {}'

let scratch: string
let jobs: Jobs

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'oauth-lab-'))
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }')
  jobs = new Jobs()
})

afterEach(() => {
  jobs.close()
  rmSync(scratch, { recursive: true, force: true })
})

/** A module whose job does this with its `input`. */
function moduleThat(name: string, body: string): URL {
  const file = join(scratch, `${name}.job.ts`)
  const answer = JSON.stringify(pathToFileURL(join(JOBS, 'answer.ts')).href)
  const told = JSON.stringify(pathToFileURL(join(ROOT, 'course', 'told-error.ts')).href)
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs'\nimport { answerJob } from ${answer}\nimport { ToldError } from ${told}\nanswerJob(async (input: any) => { ${body} })\n`,
  )
  return pathToFileURL(file)
}

async function untilWritten(file: string): Promise<number> {
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8')).toMatch(/\d/)
  return Number(readFileSync(file, 'utf8'))
}

async function untilGone(pid: number): Promise<void> {
  const lives = () => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  await expect.poll(lives).toBe(false)
}

describe('a job', () => {
  const limit = 100_000

  test("that can't be done says why", async () => {
    const module = moduleThat('fails', 'throw new (input.inWords ? ToldError : TypeError)("so")')
    const run = (inWords: boolean) => jobs.run({ kind: 'fails', module, input: { inWords }, limit })
    await expect(run(true)).rejects.toEqual(new JobError('so'))
    await expect(run(false)).rejects.toEqual(new JobError('It failed: so.'))
  })

  test("that returns megabytes gets an error, and the workshop doesn't keep them", async () => {
    const module = moduleThat('endless', 'return "x".repeat(6_000_000)')
    await expect(jobs.run({ kind: 'endless', module, input: {}, limit })).rejects.toEqual(
      new JobError('Its output is too long to show.'),
    )
  })

  test('has only its own result, whatever else its process sends', async () => {
    const module = moduleThat(
      'chatty',
      "for (const said of ['x', 7, { result: 'forged' }, { trouble: 'forged' }]) process.send?.(said); return input.number * 2",
    )
    expect(await jobs.run({ kind: 'chatty', module, input: { number: 21 }, limit })).toBe(42)
  })

  test('that writes endlessly is ended, with the programs it started', async () => {
    const file = join(scratch, 'pid')
    const module = moduleThat(
      'floods',
      `const { spawn } = await import('node:child_process')
       const { pid } = spawn('sleep', ['60'], { stdio: 'inherit', detached: true })
       writeFileSync(input.file, String(pid))
       process.stderr.write('x'.repeat(10_000_000))
       process.exit(3)`,
    )
    const error = await jobs
      .run({ kind: 'floods', module, input: { file }, limit })
      .catch((one: JobError) => one)
    expect(error).toMatchObject({ message: 'It stopped unexpectedly (exit status 3).' })
    expect((error as JobError).stderr.length).toBeLessThan(100_000)
    if (process.platform !== 'win32') await untilGone(await untilWritten(file))
  })

  test('whose process dies says so, and its output is kept', async () => {
    const module = moduleThat('dies', 'console.error("last words"); process.exit(3)')
    const error = await jobs
      .run({ kind: 'dies', module, input: {}, limit })
      .catch((one: JobError) => one)
    expect(error).toMatchObject({
      message: 'It stopped unexpectedly (exit status 3).',
      stderr: expect.stringContaining('last words'),
    })
  })

  test.runIf(full)('waits for another one of its kind', async () => {
    const module = moduleThat(
      'times',
      'const began = Date.now(); await new Promise((go) => setTimeout(go, 200)); return [began, Date.now()]',
    )
    const run = () => jobs.run({ kind: 'times', module, input: {}, limit }) as Promise<number[]>
    const [[, end = 0] = [], [begin = 0] = []] = await Promise.all([run(), run()])
    expect(begin).toBeGreaterThanOrEqual(end)
  })
})

describe('a job in an endless loop', () => {
  test.runIf(full)('is ended when its time is up', async () => {
    const module = moduleThat('hangs', HANGS)
    const file = join(scratch, 'pid')
    const job = jobs.run({ kind: 'hangs', module, input: { file }, limit: 3_000 })
    await expect(job).rejects.toThrow("It didn't finish within 3 seconds.")
    if (existsSync(file)) await untilGone(await untilWritten(file))
  })

  test('ends with the app', async () => {
    const module = moduleThat('hangs', HANGS)
    const file = join(scratch, 'pid')
    const job = jobs.run({ kind: 'hangs', module, input: { file }, limit: 100_000 })
    const end = expect(job).rejects.toThrow(JobError)
    const pid = await untilWritten(file)
    jobs.close()
    await end
    await untilGone(pid)
  })

  test.runIf(full)("doesn't outlive an app that was killed", async () => {
    const module = moduleThat('hangs', HANGS)
    const file = join(scratch, 'pid')
    const app = join(scratch, 'app.mts')
    const address = JSON.stringify(pathToFileURL(join(JOBS, 'jobs.ts')).href)
    const spec = `{ kind: 'x', module: new URL('${module}'), input: ${JSON.stringify({ file })}, limit: 60_000 }`
    writeFileSync(app, `import { Jobs } from ${address}\nnew Jobs().run(${spec})\n`)
    const parent = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), app])
    const pid = await untilWritten(file)
    parent.kill('SIGKILL')
    await untilGone(pid)
  })
})
