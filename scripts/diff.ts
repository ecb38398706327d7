import { mkdirSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import {
  DIFFERENCE_PAGES,
  differencePage,
  readStep,
  stepsOf,
} from '@oauth-lab/course/differences/step.ts'
import { listVersions, ROOT, type Version } from '@oauth-lab/course/programs/versions.ts'
import { readArguments } from './lib/difference-arguments.ts'
import { renderMarkdown } from './print/difference-markdown.ts'
import { renderSteps } from './print/difference-steps.ts'
import { renderStep } from './print/difference-text.ts'
import { page } from './print/pager.ts'

export { HELP } from './lib/difference-arguments.ts'

/** The width of text that goes into a file or a pipe, in columns. */
const PIPE_WIDTH = 100
/** The smallest width that still looks right, in columns. */
const LEAST_WIDTH = 40

/** `npm run diff [older] [newer] [file] [-- options]` shows how two versions differ; `--help` lists the options. */
export async function main(args: string[]): Promise<number> {
  const { wire, write, versions, paths } = readArguments(args)
  if (write) return say(await writePages(listVersions()))
  if (versions === undefined) return say(renderSteps(listVersions()))

  const { older, newer } = versions
  if (wire) return show(await compareMessages(older, newer))
  const step = readStep(older, newer, { paths })
  if (step.files.length === 0) return say('No difference.\n')
  // A terminal that doesn't know its width reports 0.
  const width = Math.max(process.stdout.columns || PIPE_WIDTH, LEAST_WIDTH)
  return show(await renderStep(step, width))
}

/** Prints text, a screen at a time on a terminal. */
async function show(text: string): Promise<number> {
  if (process.stdout.isTTY && (await page(text, process.env))) return 0
  return say(text)
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

async function writePages(versions: Version[]): Promise<string> {
  const { writeWireSince } = await import('@oauth-lab/course/differences/wire-since.ts')
  mkdirSync(DIFFERENCE_PAGES, { recursive: true })
  const pages = [...stepsOf(versions)].map((step) => {
    const file = differencePage(step.newer)
    writeFileSync(file, renderMarkdown(step))
    return file
  })
  const files = [...pages, await writeWireSince(versions)]
  return files.map((file) => `Wrote ${relative(ROOT, file)}\n`).join('')
}

async function compareMessages(older: Version, newer: Version): Promise<string> {
  const { playSession } = await import('@oauth-lab/course/differences/wire-play.ts')
  const { renderWire } = await import('./print/wire.ts')
  // One after the other, because a session may move the clock of the whole process.
  const before = await playSession(older)
  return renderWire([older, newer], [before, await playSession(newer)])
}
