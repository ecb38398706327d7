import { freePort, type Lab, type Programs, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { isExpected, type Setup, type Step } from './commands.ts'
import { Shell } from './shell.ts'

/**
 * Runs the commands of a page in one shell, from top to bottom, and compares what they print with what
 * the page promises. The versions run one after another on the same two free ports, as they do for a reader
 * on the default ones, which are replaced in commands and answers.
 *
 * @param page named in front of each problem
 * @param load gives the programs of a version
 * @returns a text for each command that printed something else than promised
 */
export async function findWrongAnswers(
  page: string,
  steps: Step[],
  load: (version: string) => Promise<Programs>,
): Promise<string[]> {
  const ports = { server: await freePort(), client: await freePort() }
  const shell = new Shell()
  const wrong: string[] = []
  let setup: Setup | undefined
  let lab: Lab | undefined
  try {
    for (const step of steps) {
      if (step.setup !== setup) {
        await lab?.close()
        setup = step.setup
        lab = await start(setup, ports, load)
      }
      const command = withPorts(step.command, ports)
      const expected = withPorts(step.expected, ports)
      const actual = await shell.run(command)
      if (!isExpected(actual, expected)) {
        wrong.push(describe(`${page}:${step.line}`, command, expected, actual))
      }
    }
    return wrong
  } finally {
    await Promise.all([lab?.close(), shell.close()])
  }
}

interface Ports {
  server: number
  client: number
}

async function start(
  { version, settings, withoutServer }: Setup,
  ports: Ports,
  load: (version: string) => Promise<Programs>,
): Promise<Lab> {
  const lab = await startLab(await load(version), {
    AUTH_SERVER_URL: `http://localhost:${ports.server}`,
    CLIENT_URL: `http://localhost:${ports.client}`,
    ...settings,
  })
  if (withoutServer) await lab.server.close()
  return lab
}

function withPorts(text: string, { server, client }: Ports): string {
  return text
    .replace(/(?<!\d)25000(?!\d)/g, String(server))
    .replace(/(?<!\d)25001(?!\d)/g, String(client))
}

function describe(place: string, command: string, expected: string, actual: string): string {
  return [
    place,
    indent(command),
    '  should print:',
    indent(expected || '(nothing)'),
    '  but prints:',
    indent(actual || '(nothing)'),
  ].join('\n')
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}
