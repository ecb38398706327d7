import { factsOf } from '@oauth-lab/course/lessons/facts.ts'
import { type Lesson, partOf } from '@oauth-lab/course/lessons/lesson.ts'
import type { Version } from '@oauth-lab/course/programs/versions.ts'
import { renderPart, renderSentence } from '../lesson/render.ts'
import { blocksOf, isDiagram, rowsIn } from '../lesson/render-markdown.ts'

const NEW = '**new** '

/** A lesson on one page: its diagram, what is new in the messages, the attacks it blocks, and what is open. */
export async function summaryOf(version: Version, lesson: Lesson) {
  const render = (text: string) => renderSentence(version, text)
  const idea = partOf(lesson, 'idea')
  const diagram = blocksOf(idea?.source ?? '').find(isDiagram)
  const rowsOf = (name: 'messages' | 'attacks') => rowsIn(partOf(lesson, name)?.source ?? '')
  const named = rowsOf('messages').filter(([name]) => name?.startsWith(NEW))
  // A value travels on: what it is stands where it comes first.
  const added = named.filter(([name], at) => named.findIndex(([other]) => other === name) === at)
  const { hole, able } = factsOf(lesson)
  return {
    diagram: idea && diagram && (await renderPart(version, idea, diagram.source)),
    added: added.map(([name = '', what = '']) => ({
      name: render(name.replace(NEW, '')),
      what: render(what),
    })),
    attacks: rowsOf('attacks').map(([attack = '']) => render(attack)),
    hole: render(hole),
    able: render(able),
  }
}
