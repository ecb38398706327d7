import { spawn } from 'node:child_process'

/**
 * Shows text a screen at a time, with the program that PAGER names, or with less.
 *
 * @returns false if there is no such program, so nothing was shown
 */
export async function page(text: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const [command = 'less', ...args] = (env.PAGER || 'less -R').split(/\s+/)
  // The same as git: less ends at once if the text fits the screen, keeps colors, and leaves the text there.
  const settings = { LESS: 'FRX', ...env }
  return new Promise((resolve) => {
    const pager = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'], env: settings })
    pager.once('error', () => resolve(false))
    pager.once('close', () => resolve(true))
    // Someone who leaves the pager early doesn't read the rest.
    pager.stdin.on('error', () => undefined)
    pager.stdin.end(text)
  })
}
