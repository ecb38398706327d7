import { spawn } from 'node:child_process'

/** What a program left behind. */
interface Result {
  status: number | null
  /** What it wrote to stdout and stderr. */
  output: string
}

/** Runs a program without a shell, and waits for it. One that is not there has status 127, as in a shell. */
export function runProgram(program: string, args: string[], folder: string): Promise<Result> {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: 127, output: error.message }))
    child.once('close', (status) => resolve({ status, output }))
  })
}
