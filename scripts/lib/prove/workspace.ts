import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { listFiles } from '../diff/files.ts'
import { isBelow } from '../diff/step.ts'
import { ROOT } from '../versions.ts'

/** What went red: a type error, or the sentence of a test. */
export interface Finding {
  by: 'types' | 'test'
  /** One line. */
  what: string
}

/** A run that takes longer than this, in milliseconds, hangs. */
const LONGEST_RUN = 90_000

/** What a snapshot finds above its own folder. */
const ABOVE = ['tsconfig.base.json', 'vitest.config.ts']

/**
 * A copy of one version outside the repo, which runs without an install: its packages are those of
 * the version itself.
 */
export class Workspace {
  readonly #top: string
  readonly #folder: string
  readonly #source: string
  readonly #files: string[]
  readonly #firstTests: string[]

  /**
   * @param source the version's folder
   * @param firstTests the test files that are run before the others, since they find the most
   */
  constructor(source: string, firstTests: string[], root = ROOT) {
    this.#source = source
    this.#firstTests = firstTests
    this.#files = listFiles(source)
    this.#top = realpathSync(mkdtempSync(join(tmpdir(), 'oauth-lab-prove-')))
    this.#folder = join(this.#top, 'versions', 'copy')
    for (const file of this.#files) this.#restore(file)
    for (const file of ABOVE) cpSync(join(root, file), join(this.#top, file))
    link(join(root, 'node_modules'), join(this.#top, 'node_modules'))
    link(join(source, 'node_modules'), join(this.#folder, 'node_modules'))
    this.#write('tsconfig.prove.json', JSON.stringify(PROVE_TSCONFIG))
  }

  /** Puts text in the place of a file, or takes the file away; gives what then goes red first. */
  async tryWith(path: string, text: string | undefined): Promise<Finding | undefined> {
    try {
      this.#write(path, text)
      return await this.run()
    } finally {
      this.#restore(path)
    }
  }

  /** The first type error or the first test that fails; undefined when all is green. */
  async run(): Promise<Finding | undefined> {
    const tests = this.#files.filter((file) => isBelow(file, 'test') && file.endsWith('.test.ts'))
    const first = tests.filter((file) => this.#firstTests.includes(file))
    const others = tests.filter((file) => !this.#firstTests.includes(file))
    return (
      (await this.#checkTypes()) ?? (await this.#runTests(first)) ?? (await this.#runTests(others))
    )
  }

  remove(): void {
    rmSync(this.#top, { recursive: true, force: true })
  }

  async #checkTypes(): Promise<Finding | undefined> {
    const tsc = join(this.#top, 'node_modules', 'typescript', 'bin', 'tsc')
    const args = ['-p', 'tsconfig.prove.json', '--singleThreaded', '--pretty', 'false']
    const { status, output } = await runNode([tsc, ...args], this.#folder)
    if (status === 0) return undefined
    return { by: 'types', what: output.split('\n', 1)[0] ?? '' }
  }

  async #runTests(files: string[]): Promise<Finding | undefined> {
    if (files.length === 0) return undefined
    const vitest = join(this.#top, 'node_modules', 'vitest', 'vitest.mjs')
    const report = join(this.#top, 'report.json')
    rmSync(report, { force: true })
    const { status } = await runNode(
      [
        vitest,
        'run',
        ...files,
        '--bail=1',
        '--pool=threads',
        '--no-file-parallelism',
        '--reporter=json',
        `--outputFile=${report}`,
      ],
      this.#folder,
    )
    if (status === 0) return undefined
    return { by: 'test', what: readReport(report) }
  }

  #restore(path: string): void {
    const file = join(this.#source, path)
    this.#write(path, existsSync(file) ? readFileSync(file) : undefined)
  }

  #write(path: string, content: string | Buffer | undefined): void {
    const file = join(this.#folder, path)
    if (content === undefined) {
      rmSync(file, { force: true })
      return
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

/**
 * The program alone: a test that does not compile would hide what the program does without the hunk.
 * A name that is not used any more counts for nothing either, since no rule is broken by it.
 */
const PROVE_TSCONFIG = {
  extends: './tsconfig.json',
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
  include: ['protocol.ts', 'server/**/*.ts', 'client/**/*.ts'],
}

function link(target: string, path: string): void {
  // A junction: on Windows nobody needs special rights for it.
  if (existsSync(target)) symlinkSync(target, path, 'junction')
}

function runNode(args: string[], cwd: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd, timeout: LONGEST_RUN })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.resume()
    child.on('close', (status) => resolve({ status: status ?? 1, output }))
  })
}

interface Report {
  testResults: {
    name: string
    message: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

/** The sentence of the first test that failed, or why a test file did not even load. */
function readReport(file: string): string {
  if (!existsSync(file)) return `the tests did not end within ${LONGEST_RUN / 1000} seconds`
  const { testResults }: Report = JSON.parse(readFileSync(file, 'utf8'))
  for (const { assertionResults, message } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed !== undefined) return failed.fullName.trim()
    if (message !== '') return message.split('\n', 1)[0] ?? ''
  }
  return 'the tests ended with an error outside of any test'
}
