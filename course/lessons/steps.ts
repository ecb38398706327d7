import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Version } from '../programs/versions.ts'

/** A step of the section "Do it yourself" of a lesson. */
export interface LessonStep {
  number: number
  title: string
  /** What there is to do, as it stands in the lesson. */
  task: string
  /** From the folded hint, one thought each. */
  hints: string[]
  /** The texts of the sentences that it turns, none where it can't be seen from outside. */
  turns: string[]
}

const SECTION = /^## 7\. .*$([\s\S]*?)(?=^## )/m
const STEP = /^### Step (\d+): (.+)$/gm
const HINT = /<details><summary>Hint<\/summary>\s*([\s\S]*?)\s*<\/details>/
const TURNS = /^After this, .*:\n\n((?:- .+\n(?: {2}.+\n)*)+)/m
/** The end of a sentence, perhaps inside of code. */
const THOUGHT_END = /(?<=[.?!]\)?) +(?=[A-Z`])/

/** The steps of a version's exercise, from the one place where they are told: its lesson. */
export function readSteps(version: Version): LessonStep[] {
  const text = readFileSync(join(version.folder, 'README.md'), 'utf8').replaceAll('\r\n', '\n')
  return parseSteps(text)
}

/** Reads the steps out of a lesson's text. */
function parseSteps(lesson: string): LessonStep[] {
  const section = SECTION.exec(lesson)?.[1] ?? ''
  const heads = [...section.matchAll(STEP)]
  return heads.map((head, index) => {
    const start = head.index + head[0].length
    const body = section.slice(start, heads[index + 1]?.index)
    const [, number = '', title = ''] = head
    const [task = ''] = body.split(/^(?:After this, |<details>)/m)
    const hint = HINT.exec(body)?.[1] ?? ''
    return {
      number: Number(number),
      title,
      task: task.trim(),
      hints: hint.split(/\n{2,}/).flatMap(thoughtsOf),
      turns: itemsOf(TURNS.exec(body)?.[1] ?? ''),
    }
  })
}

/** The sentences of a paragraph. A full stop inside of code ends none. */
function thoughtsOf(paragraph: string): string[] {
  const thoughts: string[] = []
  for (const piece of unwrap(paragraph).split(THOUGHT_END)) {
    const last = thoughts.at(-1)
    const isInCode = last !== undefined && last.split('`').length % 2 === 0
    if (isInCode) thoughts[thoughts.length - 1] = `${last} ${piece}`
    else thoughts.push(piece)
  }
  return thoughts
}

function itemsOf(list: string): string[] {
  return list
    .split(/^- /m)
    .map(unwrap)
    .filter((item) => item !== '')
}

function unwrap(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
