import { defineConfig } from 'vitest/config'

// Found from every folder below: `vitest run` in a snapshot runs the tests of that snapshot alone.
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'playground/**'],
    // State lives in the apps that each test builds, so files may share the modules of a worker.
    isolate: false,
    // One worker for each core; the default leaves one core idle.
    maxWorkers: '100%',
    // Real programs and a real browser on a machine that others use as well: one more try there.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { interval: 20, timeout: 20_000 } },
  },
})
