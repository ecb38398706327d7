import type { FastifyInstance } from 'fastify'
import { htmlOfDoc, listDocs } from '../lesson/reference.ts'
import { searchReference } from '../lesson/search.ts'
import { whenIdle } from '../lesson/when-idle.ts'
import { PageTrouble } from '../page-trouble.ts'
import type { Workshop } from '../workshop.ts'

interface Asked {
  /** The search text. */
  Querystring: { find?: string | string[] }
}

const STYLES = ['code', 'lesson', 'reference']
const ASSETS = { styles: STYLES, scripts: ['lesson', 'reference'] }

/** `/reference`: the errors, the glossary, and all other texts in docs/. */
export async function referencePages(app: FastifyInstance, { runner }: Workshop): Promise<void> {
  whenIdle(app, () => listDocs().map((doc) => () => htmlOfDoc(doc, runner.main?.addresses)))

  app.get<Asked>('/reference', ({ query }, reply) => {
    return reply.viewAsync('reference', { title: 'Reference', ...find(query), styles: STYLES })
  })
  // The part that changes while the user types.
  app.get<Asked>('/reference/found', ({ query }, reply) => {
    const found = find(query)
    const address = `/reference${found.asked && `?find=${encodeURIComponent(found.asked)}`}`
    return reply.header('hx-replace-url', address).viewAsync('reference-found', found)
  })
  app.get<{ Params: { name: string } }>('/reference/:name', async ({ params }, reply) => {
    const docs = listDocs()
    const doc = docs.find(({ name }) => name === params.name)
    if (doc === undefined) {
      const names = docs.map(({ name }) => name).join(', ')
      throw new PageTrouble(
        404,
        `There is no such page in the reference. Choose one of these: ${names}.`,
      )
    }
    const html = await htmlOfDoc(doc, runner.main?.addresses)
    return reply.viewAsync('reference-page', { title: doc.title, docs, doc, html, ...ASSETS })
  })

  function find({ find: asked = '' }: Asked['Querystring']) {
    const text = String(asked).trim()
    const found = text === '' ? undefined : searchReference(text, runner.main?.addresses)
    return { docs: listDocs(), asked: text, found }
  }
}
