import { availableParallelism } from 'node:os'
import { afterEach, expect, test, vi } from 'vitest'
import { freePort } from '../testing/ports.ts'

const WORKERS = Math.min(availableParallelism() + 1, 32)

afterEach(() => vi.unstubAllEnvs())

test('each worker of the tests has its own ports, also where its workshop runs a second version', async () => {
  const shares: [first: number, last: number][] = []
  for (let worker = 1; worker <= WORKERS; worker += 1) {
    vi.stubEnv('VITEST_POOL_ID', String(worker))
    const ports: number[] = []
    while (ports.length < 20) ports.push(await freePort())
    expect(ports.filter((port) => Math.floor(port / 1_000) % 2 === 1)).toEqual([])
    const places = ports.map((port) => port % 1_000)
    shares.push([Math.min(...places), Math.max(...places)])
  }
  for (const [index, [first]] of shares.slice(1).entries()) {
    expect(first).toBeGreaterThan(shares[index]?.[1] ?? Number.NaN)
  }
})

test('a free port is never given out twice', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort))
  expect(new Set(ports).size).toBe(20)
})
