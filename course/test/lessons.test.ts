import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Programs } from '@oauth-lab/shared/testing/lab.ts'
import { firstAndNewest, full } from '@oauth-lab/shared/testing/share.ts'
import { describe, expect, test } from 'vitest'
import { loadPrograms } from '../attacks/load-programs.ts'
import { DIFFERENCE_PAGES } from '../differences/step.ts'
import { factsOf } from '../lessons/facts.ts'
import { type PartName, parseLesson, partOf, readLesson, TITLES } from '../lessons/lesson.ts'
import { questionsOf } from '../lessons/questions.ts'
import { readSteps } from '../lessons/steps.ts'
import { findVersion, listVersions, ROOT } from '../programs/versions.ts'
import { parsePage, readPage } from './markdown-page.ts'
import { isExpected, readCommands, type Step } from './page-commands.ts'
import { missingForCommands } from './shell.ts'
import { findWrongAnswers } from './wrong-answers.ts'

const LONGEST_IDEA = 110

const versions = listVersions()
const lessons = versions.map(({ name, folder }) => ({ name, file: join(folder, 'README.md') }))
const docs = markdownFilesIn(join(ROOT, 'docs'))
const pages = [
  ...markdownFilesIn(ROOT),
  ...docs,
  ...markdownFilesIn(DIFFERENCE_PAGES),
  ...lessons.map(({ file }) => file),
]

describe.each(versions)('the lesson of $name', (version) => {
  const file = join(version.folder, 'README.md')
  const lesson = readLesson(version)
  const parts = lesson.parts.flatMap((part) => [part, ...part.parts])
  const sourceOf = (name: PartName) => partOf(lesson, name)?.source ?? ''

  test('starts with its title, its idea in one line, and what to try first', () => {
    const [title, idea, tryFirst] = readFileSync(file, 'utf8').split(/\r?\n\r?\n/)

    expect(title).toMatch(new RegExp(`^# ${version.name.slice(0, 3)}: .+$`))
    expect(idea).toBe(lesson.idea)
    expect(idea?.length).toBeLessThan(LONGEST_IDEA)
    expect(tryFirst).toMatch(/^\*\*Try first:\*\* /)
  })

  test('says at its top which parts lead through it, in their order, with minutes for each', () => {
    const [, , , way = ''] = readFileSync(file, 'utf8').split(/\r?\n\r?\n/)
    const timed = lesson.parts.filter(({ minutes }) => minutes !== undefined)
    const steps = timed.map(({ title, minutes }) => `${title} ${minutes}`).join(', ')
    expect(way.replace(/\s+/g, ' ')).toContain(`**The way through, in minutes:** ${steps}.`)
    expect(timed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['problem', 'idea', 'tryIt', 'exercise', 'difference', 'questions']),
    )
  })

  test('has each part once, and the exercise before the difference that solves it', () => {
    const names = parts.flatMap(({ name }) => name ?? [])
    expect([...names].sort()).toEqual(Object.keys(TITLES).sort())
    expect(names.indexOf('exercise')).toBeLessThan(names.indexOf('changes'))
    expect(names.indexOf('exercise')).toBeLessThan(names.indexOf('difference'))
  })

  test('gives the right lines for each part', () => {
    const lines = readFileSync(file, 'utf8').split('\n')
    for (const { title, lines: at, source } of parts) {
      expect(lines[at.first - 1]).toMatch(/^##+ /)
      expect(lines[at.first - 1]).toContain(title)
      expect(lines.slice(at.first, at.last).join('\n')).toBe(source)
    }
  })

  test('has a diagram of the flow', () => {
    const diagrams = parsePage(sourceOf('idea')).blocks.filter(
      ({ language }) => language === 'mermaid',
    )
    expect(diagrams.map(({ text }) => text.split('\n')[0])).toContain('sequenceDiagram')
  })

  test('says in one sentence what one can do after its exercise', () => {
    expect(factsOf(lesson).able).toMatch(/^[a-z][^.]+\.$/)
  })

  test('has numbered steps, each with a hint', () => {
    const steps = readSteps(version)
    expect(steps.length).toBeGreaterThan(1)
    expect(steps.length).toBe(partOf(lesson, 'exercise')?.parts.length)
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, index) => index + 1))
    for (const { title, hints } of steps) expect(hints, title).not.toEqual([])
  })

  test('asks five to eight questions, each with a folded answer', () => {
    const answers = questionsOf(lesson).map(({ answer }) => answer)
    expect(answers).not.toContain('')
    expect(answers.length).toBeGreaterThanOrEqual(5)
    expect(answers.length).toBeLessThanOrEqual(8)
  })
})

describe('a lesson', () => {
  test('may have its parts in any order', () => {
    const text = ['# v09', '', '## Check yourself', 'Why?', '## Do it yourself', '### Step 1: One']
    const lesson = parseLesson([...text, '```ts', '## The idea', '```', '## Of its own'].join('\n'))
    expect(lesson.parts.map(({ name }) => name)).toEqual(['questions', 'exercise', undefined])
    expect(partOf(lesson, 'questions')?.source).toBe('Why?')
    expect(partOf(lesson, 'exercise')).toMatchObject({
      title: 'Do it yourself',
      introduction: '',
      lines: { first: 5, last: 9 },
      parts: [{ title: 'Step 1: One', lines: { first: 6, last: 9 } }],
    })
  })

  test('without a README.md gets the name of its folder, and no parts', () => {
    const nowhere = { name: 'v09-new', folder: join(ROOT, 'versions', 'v09-new'), number: 9 }
    expect(readLesson(nowhere)).toMatchObject({ title: 'v09-new', parts: [] })
  })
})

const missing = missingForCommands()
const unless = missing === undefined ? '' : ` (skipped: this machine lacks ${missing})`

describe.skipIf(missing !== undefined)(`commands and their expected output${unless}`, () => {
  // The npm commands play attacks and take seconds each, so they belong to the long share. So do the
  // commands of the other pages.
  const runs = [
    ...firstAndNewest(lessons).map(({ name, file }) => ({
      page: nameOf(file),
      steps: stepsOf(file, name),
    })),
    ...(full ? docs.map((file) => ({ page: nameOf(file), steps: stepsOf(file) })) : []),
  ]

  test.each(runs)('$page: every command prints what the page says', async ({ page, steps }) => {
    const share = steps.filter(({ command }) => full || !command.startsWith('npm '))
    expect((await findWrongAnswers(page, share, load)).join('\n\n')).toBe('')
  })

  test('a wrong output is reported with its place, the expected output and the actual output', async () => {
    const [told, ...more] = await tellWrongAnswers(
      sh('curl -si http://localhost:25001/ | head -1', 'HTTP/1.1 404 Not Found'),
    )
    expect(told).toMatch(/^a page:1\n[\s\S]*should print:\n +HTTP\/1.1 404 Not Found\n/)
    expect(told).toMatch(/but prints:\n +HTTP\/1.1 200 OK/)
    expect(more).toEqual([])
  })

  test('a command without expected output must print nothing, not even an error', async () => {
    const told = await tellWrongAnswers(sh('NAME=value'), sh('echo "$NAME"'), sh('no-such-command'))
    expect(told).toHaveLength(2)
    expect(told[0]).toContain('value')
    expect(told[1]).toContain('no-such-command')
  })

  test('a shell that ends is reported, and no command waits for it', async () => {
    const told = await tellWrongAnswers(sh('exit 1'), sh('echo here', 'here'))
    expect(told).toHaveLength(2)
    expect(told[1]).toContain('the shell ended')
  })

  test('a page can change the version and its settings and stop its server, and keeps its shell', async () => {
    const footer = (version: string) =>
      sh('curl -si $CLIENT | grep -i x-oauth-lab', `x-oauth-lab: ${version} client`)
    const told = await tellWrongAnswers(
      sh('CLIENT=http://localhost:25001'),
      footer('v01-code-flow'),
      '<!-- run: v04 ACCESS_TOKEN_TTL=0.5 no-server -->',
      footer('v04-protected-resource'),
      sh('curl -s http://localhost:25000/ || echo not there', 'not there'),
    )
    expect(told).toEqual([])
  })

  test('a setting reaches the programs', () => {
    const page = parsePage(['<!-- run: v05 CODE_TTL=0.2 -->', sh('true')].join('\n\n'))
    const [step] = readCommands(page, 'v01')
    expect(step?.setup).toEqual({
      version: 'v05',
      settings: { CODE_TTL: '0.2' },
      withoutServer: false,
    })
  })
})

describe('expected output', () => {
  test('matches anything that differs from run to run at three dots', () => {
    expect(isExpected('code=Abc-9_ 200\n', 'code=... 200')).toBe(true)
  })

  test('matches neither nothing nor whitespace at three dots', () => {
    expect(isExpected('code= 200', 'code=... 200')).toBe(false)
    expect(isExpected('code=a b 200', 'code=... 200')).toBe(false)
  })

  test('must match exactly elsewhere, line by line', () => {
    expect(isExpected('a.b (c)', 'a.b (c)')).toBe(true)
    expect(isExpected('axb (c)', 'a.b (c)')).toBe(false)
    expect(isExpected('one\ntwo\nthree', 'one\ntwo')).toBe(false)
  })

  test('is refused for a command that no version answers', () => {
    expect(() => readCommands(parsePage('```sh\ntrue\n```\n'))).toThrow('line 1')
  })
})

describe.each(pages.map((file) => ({ file, name: nameOf(file) })))('links of $name', ({ file }) => {
  const { links } = readPage(file)

  test('lead to files and headings that exist', () => {
    const broken = links.filter(({ href }) => !/^https?:/.test(href) && !leadsSomewhere(file, href))
    expect(broken).toEqual([])
  })

  test('stand wherever the text names a section of an RFC', () => {
    const text = readFileSync(file, 'utf8')
      .replaceAll(/^```[\s\S]*?^```|^#.*/gm, '')
      .replaceAll(/`[^`]*`|\[[^\]]*\]\([^)]*\)/g, '')
    // A draft, RFC 6265bis, has no page of that site.
    expect(
      text.match(/(?<!bis )\bsections?\s+\d.*|\bappendix [A-Z]\b.*|\|[ \d.]+\.\d+ \|/gi),
    ).toBeNull()
  })

  test('lead to the section of the RFC that they name', () => {
    const wrong = links.filter(({ text, href }) => {
      const [, rfc, section] = /RFC (\d+),? (?:section|appendix) ([\w.]+)/.exec(text) ?? []
      if (rfc === undefined) return false
      const kind = /^[A-Z]/.test(section ?? '') ? 'appendix' : 'section'
      return href !== `https://www.rfc-editor.org/rfc/rfc${rfc}#${kind}-${section}`
    })
    expect(wrong).toEqual([])
  })
})

test('docs/typescript.md quotes lines of the files it links to', () => {
  const page = readPage(join(ROOT, 'docs', 'typescript.md'))
  const quotes = page.blocks.filter(({ language }) => language === 'ts')
  expect(quotes.length).toBeGreaterThan(4)
  for (const { text, line } of quotes) {
    const href = page.links
      .filter((link) => link.href.endsWith('.ts') && link.line < line)
      .at(-1)?.href
    const source = readFileSync(join(ROOT, 'docs', href ?? ''), 'utf8').replaceAll('\r\n', '\n')
    expect(source).toContain(text)
  }
})

test('the glossary is in alphabetical order', () => {
  const terms = readPage(join(ROOT, 'docs', 'glossary.md')).headings.slice(1)
  const names = terms.map(({ text }) => text.toLowerCase())
  expect(names.length).toBeGreaterThan(0)
  expect(names).toEqual([...names].sort())
})

async function load(version: string): Promise<Programs> {
  return loadPrograms(findVersion(version).folder)
}

function stepsOf(file: string, version?: string): Step[] {
  return readCommands(readPage(file), version)
}

async function tellWrongAnswers(...blocks: string[]): Promise<string[]> {
  const page = parsePage(blocks.join('\n\n'))
  return findWrongAnswers('a page', readCommands(page, 'v01'), load)
}

/** A command on a page, with its expected output. */
function sh(command: string, expected?: string): string {
  const answer = expected === undefined ? '' : `\n\n\`\`\`text\n${expected}\n\`\`\``
  return `\`\`\`sh\n${command}\n\`\`\`${answer}`
}

function leadsSomewhere(from: string, href: string): boolean {
  const [path = '', anchor] = href.split('#')
  const target = path === '' ? from : resolve(dirname(from), decodeURI(path))
  if (!existsSync(target)) return false
  if (anchor === undefined) return true
  return readPage(target).headings.some((heading) => heading.anchor === anchor)
}

function markdownFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
}

function nameOf(file: string): string {
  return relative(ROOT, file).split(sep).join('/')
}
