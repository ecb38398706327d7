import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ROOT } from './versions.ts'

const require = createRequire(join(ROOT, 'package.json'))

/** The result of a tool. */
export interface ToolResult {
  /** The exit status, or 1 if it was killed. */
  status: number
  /** What it wrote to stdout and stderr. */
  output: string
}

/**
 * Runs the program of an installed package under this Node, without a shell.
 *
 * @param settings added to the environment
 * @param timeout after how many milliseconds it is killed
 */
export function runTool(
  packageName: string,
  args: string[],
  folder: string,
  { settings = {}, timeout }: { settings?: Record<string, string>; timeout?: number } = {},
): Promise<ToolResult> {
  const child = spawn(process.execPath, [programOf(packageName), ...args], {
    cwd: folder,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(timeout !== undefined && { timeout }),
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      resolve({ status: status ?? 1, output: Buffer.concat(chunks).toString() })
    })
  })
}

/** The file that `bin` in a package's package.json names, even if its `exports` don't list it. */
function programOf(packageName: string): string {
  const manifest = require.resolve(`${packageName}/package.json`)
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
  const [program] = typeof bin === 'string' ? [bin] : Object.values<string>(bin)
  return join(dirname(manifest), program ?? '')
}
