import { runTool } from '@oauth-lab/course/programs/tools.ts'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'

/** `npm run format` formats every file and fixes what the linter can fix safely. */
export async function main(args: string[]): Promise<number> {
  const { status, output } = await runTool('@biomejs/biome', ['check', '--write', ...args], ROOT)
  process.stdout.write(output)
  return status
}
