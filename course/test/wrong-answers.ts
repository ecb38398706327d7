import { readConfig } from '@oauth-lab/shared/config.ts'
import { type Lab, type Programs, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { freeAddresses } from '../programs/free-addresses.ts'
import { type Addresses, addressesOf, portsOf, settingsOf } from '../programs/programs.ts'
import { isExpected, type Setup, type Step } from './page-commands.ts'
import { Shell } from './shell.ts'

/**
 * Runs the commands of a page in one shell, from top to bottom, and compares what they print with what
 * the page shows. The versions run one after another on the same free ports, which replace the default
 * ones in commands and output.
 *
 * @param page the name to print before each problem
 * @param load loads the programs of a version
 * @returns a text for each command that prints something else
 */
export async function findWrongAnswers(
  page: string,
  steps: Step[],
  load: (version: string) => Promise<Programs>,
): Promise<string[]> {
  const addresses = await freeAddresses()
  const shell = new Shell()
  const wrong: string[] = []
  let setup: Setup | undefined
  let lab: Lab | undefined
  try {
    for (const step of steps) {
      if (step.setup !== setup) {
        await lab?.close()
        setup = step.setup
        lab = await start(setup, addresses, load)
      }
      const command = withPorts(step.command, addresses)
      const expected = withPorts(step.expected, addresses)
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

async function start(
  { version, settings, withoutServer }: Setup,
  addresses: Addresses,
  load: (version: string) => Promise<Programs>,
): Promise<Lab> {
  const lab = await startLab(await load(version), {
    ...settingsOf(addresses),
    ...settings,
  })
  if (withoutServer) await lab.server.close()
  return lab
}

function withPorts(text: string, addresses: Addresses): string {
  const ports = Object.values(portsOf(addresses))
  const usual = Object.values(portsOf(addressesOf(readConfig({}))))
  return text.replace(/(?<!\d)\d{5}(?!\d)/g, (found) => {
    return String(ports[usual.indexOf(Number(found))] ?? found)
  })
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
