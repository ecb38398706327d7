import type { FastifyInstance } from 'fastify'
import { search } from '../search/search.ts'
import type { Workshop } from '../workshop.ts'

interface Asked {
  /** The text to find, and `dialog` as the place of the results if it isn't the page. */
  Querystring: { q?: string | string[]; where?: string }
}

/** How many results of a kind to show. */
const ON_PAGE = 20
const IN_DIALOG = 4

/** `/search`: finds anything in the lab. */
export async function searchPage(app: FastifyInstance, { runner }: Workshop): Promise<void> {
  app.get<Asked>('/search', ({ query }, reply) => {
    return reply.viewAsync('search', { title: 'Search', ...find(query, ON_PAGE), where: 'page' })
  })
  // The part that changes while the user types.
  app.get<Asked>('/search/found', ({ query }, reply) => {
    const where = query.where === 'dialog' ? 'dialog' : 'page'
    const result = find(query, where === 'dialog' ? IN_DIALOG : ON_PAGE)
    const address = `/search${result.asked && `?q=${encodeURIComponent(result.asked)}`}`
    if (where === 'page') reply.header('hx-replace-url', address)
    return reply.viewAsync('search-part', { ...result, where })
  })

  function find({ q = '' }: Asked['Querystring'], most: number) {
    const asked = String(q).trim()
    const groups = search(asked, runner.main?.addresses, most)
    return { asked, groups, count: groups.reduce((sum, { count }) => sum + count, 0) }
  }
}
