import type { Programs } from '@oauth-lab/shared/testing/lab.ts'

/** The maps of each program, by the name of its builder. */
export type ProgramMemory = Partial<Record<string, Map<string, unknown>[]>>

/**
 * The same programs, which show what they remember: each keeps it in maps that its builder makes. A dump of
 * all memory would show the same, but takes seconds.
 */
export function showingMemory(programs: Programs, memory: ProgramMemory): Programs {
  const shown = Object.entries(programs).map(([name, build]): [string, Programs['buildServer']] => [
    name,
    (config) => {
      const maps: Map<string, unknown>[] = []
      memory[name] = maps
      const OriginalMap = Map
      globalThis.Map = new Proxy(OriginalMap, {
        construct(...call) {
          const map = Reflect.construct(...call)
          maps.push(map)
          return map
        },
      })
      try {
        return build(config)
      } finally {
        globalThis.Map = OriginalMap
      }
    },
  ])
  return Object.fromEntries(shown) as unknown as Programs
}
