import type { FastifyInstance } from 'fastify'
import type { Workshop } from '../app.ts'
import { htmlOfDoc, listDocs } from '../lesson/reference.ts'
import { whenIdle } from '../lesson/when-idle.ts'
import { PageTrouble } from '../page-trouble.ts'

const ASSETS = { styles: ['code', 'lesson', 'reference'], scripts: ['lesson', 'reference'] }

/** `/reference`: the errors, the glossary, and whatever else stands in docs/. */
export async function referencePages(app: FastifyInstance, { runner }: Workshop): Promise<void> {
  whenIdle(app, () => listDocs().map((doc) => () => htmlOfDoc(doc, runner.main?.addresses)))

  app.get('/reference', (_request, reply) => {
    return reply.viewAsync('reference', { title: 'Reference', docs: listDocs(), ...ASSETS })
  })
  app.get<{ Params: { name: string } }>('/reference/:name', async ({ params }, reply) => {
    const docs = listDocs()
    const doc = docs.find(({ name }) => name === params.name)
    if (doc === undefined) {
      const names = docs.map(({ name }) => name).join(', ')
      throw new PageTrouble(404, `There is no such page in the reference. There are: ${names}.`)
    }
    const html = await htmlOfDoc(doc, runner.main?.addresses)
    return reply.viewAsync('reference-page', { title: doc.title, docs, doc, html, ...ASSETS })
  })
}
