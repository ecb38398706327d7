import { addressesOf } from '@oauth-lab/course/programs/programs.ts'
import { readConfig } from '@oauth-lab/shared/config.ts'
import type { FastifyInstance } from 'fastify'
import { htmlOfDoc, listDocs } from '../lesson/reference.ts'
import { found } from '../page-trouble.ts'
import { withSendLinks } from '../requests/printed.ts'
import { listCommands } from '../search/commands.ts'
import type { Workshop } from '../workshop.ts'

const STYLES = ['code', 'lesson', 'reference']

/** `/reference`: the errors, the glossary, all other texts in docs/, and the commands. */
export async function referencePages(app: FastifyInstance, { runner }: Workshop): Promise<void> {
  app.get('/reference', (_request, reply) => {
    const docs = listDocs()
    return reply.viewAsync('reference', { title: 'Reference', docs, styles: STYLES })
  })
  app.get('/reference/commands', (_request, reply) => {
    const commands = listCommands()
    return reply.viewAsync('reference-commands', { title: 'Commands', commands, styles: STYLES })
  })
  app.get<{ Params: { name: string } }>('/reference/:name', async ({ params }, reply) => {
    const docs = listDocs()
    const names = docs.map(({ name }) => name).join(', ')
    const doc = found(
      docs.find(({ name }) => name === params.name),
      `There is no such page in the reference. Choose one of these: ${names}.`,
    )
    const addresses = runner.main?.addresses
    const text = await htmlOfDoc(doc, addresses)
    const html = withSendLinks(text, addresses ?? addressesOf(readConfig({})))
    return reply.viewAsync('reference-page', {
      title: doc.title,
      docs,
      doc,
      html,
      styles: STYLES,
      scripts: ['lesson'],
    })
  })
}
