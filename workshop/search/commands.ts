import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '@oauth-lab/course/programs/versions.ts'

/** npm knows these without `run`. */
const SHORT = ['start', 'test']
const HELP = /^export const HELP = `([^`]+)`/m
const HELP_ELSEWHERE = /^export \{ HELP \} from '\.\/(.+)'/m
/** For a command without a help text: the comment says what to type, and what it does. */
const COMMENT = /\/\*\*((?:(?!\*\/)[\s\S])+)\*\/\nexport (?:async )?function main/

/**
 * Every command of package.json, as it is typed, and what it does, in lines. Read as text, because running them would load
 * all that they need.
 */
export function listCommands() {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return Object.keys(scripts).map((name) => {
    const typed = SHORT.includes(name) ? `npm ${name}` : `npm run ${name}`
    return { typed, anchor: name, help: helpOf(name) }
  })
}

function helpOf(name: string): string {
  const files = ['scripts', 'maintain'].map((folder) => join(ROOT, folder, `${name}.ts`))
  const file = files.find((path) => existsSync(path))
  if (file === undefined) return ''
  const source = readFileSync(file, 'utf8')
  const [, elsewhere] = HELP_ELSEWHERE.exec(source) ?? []
  const text = elsewhere === undefined ? source : readFileSync(join(file, '..', elsewhere), 'utf8')
  const [, help] = HELP.exec(text) ?? []
  if (help !== undefined) return help.replaceAll(/\$\{.*?\}/g, '...').trim()
  const [, comment = ''] = COMMENT.exec(source) ?? []
  const [about = ''] = comment.replaceAll(/^ *\* ?/gm, '').split(/^@/m)
  return about.replaceAll('`', '').trim()
}
