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
import { basename, dirname, join } from 'node:path'
import { listFiles } from '@oauth-lab/course/differences/files.ts'
import { promisesOfCopy } from '@oauth-lab/course/programs/test-projects.ts'
import { runTool } from '@oauth-lab/course/programs/tools.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'

/** A failure: a type error, or the title of a failing test. */
export interface Finding {
  by: 'types' | 'test'
  /** One line. */
  what: string
}

/** A run that takes longer than this, in milliseconds, counts as hanging. */
const LONGEST_RUN = 600_000

/**
 * A copy of one version outside the repo. It runs without an install, with the packages of the version
 * itself.
 */
export class Workspace {
  readonly #top: string
  readonly #folder: string
  readonly #source: string

  /** @param source the version's folder */
  constructor(source: string) {
    this.#source = source
    this.#top = realpathSync(mkdtempSync(join(tmpdir(), 'oauth-lab-prove-')))
    this.#folder = join(this.#top, 'versions', basename(source))
    for (const file of listFiles(source)) this.#restore(file)
    cpSync(join(ROOT, 'tsconfig.base.json'), join(this.#top, 'tsconfig.base.json'))
    link(join(ROOT, 'node_modules'), join(this.#top, 'node_modules'))
    link(join(source, 'node_modules'), join(this.#folder, 'node_modules'))
    this.#write('tsconfig.prove.json', JSON.stringify(PROVE_TSCONFIG))
  }

  /** Replaces a file's text, or removes the file, and returns the first failure. */
  async tryWith(path: string, text: string | undefined): Promise<Finding | undefined> {
    try {
      this.#write(path, text)
      return await this.run()
    } finally {
      this.#restore(path)
    }
  }

  /** The first type error or the first failing test, or undefined if everything passes. */
  async run(): Promise<Finding | undefined> {
    // The version's own promises go first, because they find the most.
    const own = join('versions', basename(this.#source), 'test')
    return (
      (await this.#checkTypes()) ??
      (await this.#runTests([own])) ??
      (await this.#runTests(['versions', `--exclude=${own}/**`]))
    )
  }

  remove(): void {
    rmSync(this.#top, { recursive: true, force: true })
  }

  async #checkTypes(): Promise<Finding | undefined> {
    const args = ['-p', 'tsconfig.prove.json', '--singleThreaded', '--pretty', 'false']
    const { status, output } = await runTool('typescript', args, this.#folder)
    if (status === 0) return undefined
    return { by: 'types', what: output.split('\n', 1)[0] ?? '' }
  }

  async #runTests(which: string[]): Promise<Finding | undefined> {
    const report = join(this.#top, 'report.json')
    rmSync(report, { force: true })
    const { status } = await runTool(
      'vitest',
      [
        'run',
        ...which,
        `--project=${promisesOfCopy(this.#folder)}`,
        '--passWithNoTests',
        '--bail=1',
        '--pool=threads',
        '--no-file-parallelism',
        '--reporter=json',
        `--outputFile=${report}`,
      ],
      ROOT,
      { settings: { OAUTH_LAB_COPY: this.#folder, OAUTH_LAB_ALL: '1' }, timeout: LONGEST_RUN },
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
 * Only the program: a test that doesn't compile would hide what the program does without the hunk.
 * An unused name doesn't count either, because it breaks no rule.
 */
const PROVE_TSCONFIG = {
  extends: './tsconfig.json',
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
  include: ['**/*.ts'],
  exclude: ['test', 'node_modules'],
}

function link(target: string, path: string): void {
  // A junction needs no special rights on Windows.
  if (existsSync(target)) symlinkSync(target, path, 'junction')
}

interface Report {
  testResults: {
    name: string
    message: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

/** The title of the first failing test, or the reason why a test file didn't load. */
function readReport(file: string): string {
  if (!existsSync(file)) return `the tests didn't finish within ${LONGEST_RUN / 1000} seconds`
  const { testResults }: Report = JSON.parse(readFileSync(file, 'utf8'))
  for (const { assertionResults, message } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed !== undefined) return failed.fullName.trim()
    if (message !== '') return message.split('\n', 1)[0] ?? ''
  }
  return 'the tests ended with an error outside of any test'
}
