import type { FastifyInstance } from 'fastify'
import { htmlOfDoc, listDocs } from '../lesson/reference.ts'
import { searchReference } from '../lesson/search.ts'
import { found } from '../page-trouble.ts'
import type { Workshop } from '../workshop.ts'

interface Asked {
  /** The search text. */
  Querystring: { find?: string | string[] }
}

const STYLES = ['code', 'lesson', 'reference']

/** `/reference`: the errors, the glossary, and all other texts in docs/. */
export async function referencePages(app: FastifyInstance, { runner }: Workshop): Promise<void> {
  app.get<Asked>('/reference', ({ query }, reply) => {
    return reply.viewAsync('reference', { title: 'Reference', ...find(query), styles: STYLES })
  })
  // The part that changes while the user types.
  app.get<Asked>('/reference/found', ({ query }, reply) => {
    const result = find(query)
    const address = `/reference${result.asked && `?find=${encodeURIComponent(result.asked)}`}`
    return reply.header('hx-replace-url', address).viewAsync('reference-found', result)
  })
  app.get<{ Params: { name: string } }>('/reference/:name', async ({ params }, reply) => {
    const docs = listDocs()
    const names = docs.map(({ name }) => name).join(', ')
    const doc = found(
      docs.find(({ name }) => name === params.name),
      `There is no such page in the reference. Choose one of these: ${names}.`,
    )
    const html = await htmlOfDoc(doc, runner.main?.addresses)
    return reply.viewAsync('reference-page', {
      title: doc.title,
      docs,
      doc,
      html,
      styles: STYLES,
      scripts: ['lesson'],
    })
  })

  function find({ find: asked = '' }: Asked['Querystring']) {
    const text = String(asked).trim()
    const parts = text === '' ? undefined : searchReference(text, runner.main?.addresses)
    return { docs: listDocs(), asked: text, found: parts }
  }
}
