import { defineConfig } from 'vitest/config'

// Found from every folder below: `vitest run` in a snapshot runs the tests of that snapshot alone.
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'playground/**'],
    testTimeout: 10_000,
    hookTimeout: 10_000,
  },
})
