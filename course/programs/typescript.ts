import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './versions.ts'

/** What is run, and how. */
export interface NodeProgram {
  /** The file that starts it, from its folder on. */
  main: string
  /** Modules to load before it, as URLs. */
  preload: string[]
  folder?: string | undefined
  /** Added to the environment that this process has. */
  settings?: Record<string, string> | undefined
  stdio: StdioOptions
  detached?: boolean
}

/**
 * Starts a program in TypeScript under this Node, also where Node 20 is the newest there is. Without tsx's support of
 * `require`, which nothing here needs, it starts sooner.
 */
export function startNode(program: NodeProgram): ChildProcess {
  const { main, preload, folder, settings, stdio, detached = false } = program
  const modules = [...preload, import.meta.resolve('tsx/esm')].flatMap((url) => ['--import', url])
  // A copy of a version may stand where its tsconfig.json can't find the one that it extends.
  const own = { TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.base.json') }
  const env = { ...process.env, ...own, ...settings }
  return spawn(process.execPath, [...modules, main], { cwd: folder, env, stdio, detached })
}
