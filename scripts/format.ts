import { runTool } from '@oauth-lab/course/programs/tools.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'

/** `npm run format` formats every file, and mends what the linter can mend safely. */
export async function main(args: string[]): Promise<number> {
  const { status, output } = await runTool('@biomejs/biome', ['check', '--write', ...args], ROOT)
  process.stdout.write(output)
  return status
}
