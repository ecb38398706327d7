import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './versions.ts'

/** What to run, and how. */
export interface NodeProgram {
  /** The file to run, relative to its folder. */
  main: string
  args?: string[] | undefined
  /** Modules to load before it, as URLs. */
  preload: string[]
  folder?: string | undefined
  /** Added to the environment of this process. */
  settings?: Record<string, string> | undefined
  stdio: StdioOptions
  detached?: boolean
}

/**
 * The modules that Node 20 loads first, as URLs, to run TypeScript. They leave out tsx's support for `require`,
 * which nothing here needs. Node 22.18 and later run TypeScript as it is, and start in two thirds of the time.
 */
export const TSX = Reflect.get(process.features, 'typescript')
  ? []
  : [import.meta.resolve('tsx/esm')]

/** Starts a program in TypeScript under this Node. */
export function startNode(program: NodeProgram): ChildProcess {
  const { main, args = [], preload, folder, settings, stdio, detached = false } = program
  const modules = [...preload, ...TSX].flatMap((url) => ['--import', url])
  // A copy of a version may be where its tsconfig.json can't find the one it extends.
  const own = { TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.base.json') }
  const env = { ...process.env, ...own, ...settings }
  return spawn(process.execPath, [...modules, main, ...args], { cwd: folder, env, stdio, detached })
}
