import { type Lesson, partOf } from './lesson.ts'

/** A question for readers to check themselves. */
export interface Question {
  number: number
  /** One or two sentences of Markdown. */
  question: string
  /** Material for the question, as Markdown. May be empty. */
  material: string
  /** In Markdown. */
  answer: string
}

const QUESTION = /^\*\*(\d+)\. ([\s\S]+?)\*\*$/gm
const ANSWER = /^<details><summary>Answer<\/summary>\s*([\s\S]*?)\s*<\/details>$/m

/** The questions of a lesson, in order. */
export function questionsOf(lesson: Lesson): Question[] {
  const source = partOf(lesson, 'questions')?.source ?? ''
  const heads = [...source.matchAll(QUESTION)]
  return heads.map((head, index) => {
    const [all, number, question = ''] = head
    const body = source.slice(head.index + all.length, heads[index + 1]?.index)
    const answer = ANSWER.exec(body)
    return {
      number: Number(number),
      question: question.replaceAll('\n', ' '),
      material: body.slice(0, answer?.index).trim(),
      answer: answer?.[1] ?? '',
    }
  })
}
