import { readdirSync } from 'node:fs'
import type { PreparedRequest } from './request-draft.ts'

/** The prepared requests of each version, by its number. */
const REQUESTS: Record<number, PreparedRequest[]> = Object.fromEntries(
  await Promise.all(
    readdirSync(import.meta.dirname)
      .filter((file) => /^v\d+\.ts$/.test(file))
      .map(async (file) => {
        const { requests } = await import(new URL(file, import.meta.url).href)
        return [Number.parseInt(file.slice(1), 10), requests]
      }),
  ),
)

/** The requests that a version must reject. */
export function preparedRequests({ number }: { number: number }): PreparedRequest[] {
  return REQUESTS[number] ?? []
}
