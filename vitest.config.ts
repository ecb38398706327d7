import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { OWN_PROMISES, promisesKeptBy, promisesOfCopy } from './course/programs/test-projects.ts'
import { listVersions } from './course/programs/versions.ts'

const versions = listVersions()
const newest = versions.at(-1)
/** A copy to check in place of the snapshots: `npm test playground/v02` sets it. */
const copy = process.env.OAUTH_LAB_COPY

/** Runs the tests in some folders against the programs in another one, or each against those beside it. */
function promises(name: string, folders: string[], snapshot?: string) {
  return {
    extends: true as const,
    test: {
      name,
      include: folders.map((folder) => `${folder}/test/*.test.ts`),
      provide: { snapshot },
      // Loaded again for each file, which may test another version.
      setupFiles: snapshot === undefined ? ['shared/testing/snapshot.ts'] : [],
    },
  }
}

/** The folders of all versions up to the one with the folder's number. */
function upTo(folder: string): string[] {
  const number = Number(/^v(\d+)/.exec(basename(folder))?.[1] ?? newest?.number)
  // A folder named after no version, as in the tests of `npm run prove`, brings its own tests.
  if (number === 0) return [folder]
  return versions.filter((version) => version.number <= number).map(({ folder }) => folder)
}

// A person's own settings must not affect the tests, or what they start. Git reads an empty file instead.
for (const name of Object.keys(process.env)) {
  if (name === 'FORCE_COLOR' || name.startsWith('GIT_')) delete process.env[name]
}
process.env.GIT_CONFIG_GLOBAL = process.env.GIT_CONFIG_SYSTEM = '/dev/null'

export default defineConfig({
  plugins: [
    {
      name: 'no-cache-of-copies',
      // Each run makes its copies in new folders, so what is kept of them would only grow.
      configureVitest: ({ experimental_defineCacheKeyGenerator: keyBy }) =>
        keyBy(({ id, environment: { config } }) =>
          id.startsWith(`${config.root}/`) ? undefined : false,
        ),
    },
  ],
  test: {
    exclude: ['**/node_modules/**'],
    setupFiles: ['shared/testing/reset-clock.ts'],
    // Keeps each file as compiled in node_modules, which saves a fifth of the work of the next run.
    experimental: { fsModuleCache: true },
    // State lives in the apps that each test builds, so files may share the modules of a worker.
    isolate: false,
    // One worker more than cores, because the tests wait for programs. The default leaves a core idle.
    maxWorkers: availableParallelism() + 1,
    // Only a test that hangs reaches these, on a crowded machine too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The tests wait for real programs and a real browser. Where nobody is there to try again, one that passes only
    // at the second attempt is named below the report.
    retry: process.env.CI ? 1 : 0,
    // Each look at a page costs three processes a few milliseconds.
    expect: { poll: { interval: 50, timeout: 60_000 } },
    // Failures are reported with the project's name, which says which version broke which promise.
    projects: [
      promises(
        OWN_PROMISES,
        versions.slice(0, -1).map(({ folder }) => folder),
      ),
      ...versions.map((version) => {
        const { folder } = version
        return promises(promisesKeptBy(version), upTo(folder), folder)
      }),
      ...(copy ? [promises(promisesOfCopy(copy), upTo(copy), copy)] : []),
      {
        extends: true as const,
        test: {
          name: 'tools',
          include: ['{shared,course,scripts,workshop,maintain}/**/*.test.ts'],
        },
      },
    ],
  },
})
