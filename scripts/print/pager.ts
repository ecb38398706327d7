import { spawn } from 'node:child_process'

/**
 * Shows text a screen at a time, with the program that PAGER names, or with less.
 *
 * @returns false when there is no such program here, and nothing was shown
 */
export async function page(text: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const [command = 'less', ...args] = (env.PAGER || 'less -R').split(/\s+/)
  // What git gives to less: end at once when it fits the screen, keep colors, leave the text there.
  const settings = { LESS: 'FRX', ...env }
  return new Promise((resolve) => {
    const pager = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'], env: settings })
    pager.once('error', () => resolve(false))
    pager.once('close', () => resolve(true))
    // Who leaves the pager before the end does not read the rest.
    pager.stdin.on('error', () => undefined)
    pager.stdin.end(text)
  })
}
