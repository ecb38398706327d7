import { get } from '@oauth-lab/course/requests/make-draft.ts'
import { sendDraft } from '@oauth-lab/course/requests/send.ts'
import type { FastifyInstance } from 'fastify'
import type { Slot } from '../runner.ts'
import { tokenFields } from '../traffic/explanations.ts'
import type { Workshop } from '../workshop.ts'

/** How long to wait for a server's keys, in milliseconds. */
const LONGEST_WAIT = 5_000

/** `/reference/decoder`: takes a token apart in the browser. The token never comes here. */
export async function decoderPage(app: FastifyInstance, { runner }: Workshop): Promise<void> {
  app.get('/reference/decoder', (_request, reply) => {
    return reply.viewAsync('decoder', {
      title: 'Take a token apart',
      tokenFields,
      styles: ['traffic', 'token'],
      scripts: ['decoder'],
    })
  })
  // The page may load nothing from the servers themselves.
  app.get('/reference/decoder/keys', async () => {
    // Anything may listen at the address of a server that was stopped.
    const running = runner.slots.filter(({ state }) => state === 'running')
    const keys = await Promise.all(running.map(keysOf))
    return { keys: keys.flat() }
  })
}

/** The public keys of a running server, with its address. It has none before v13. */
async function keysOf({ addresses }: Slot): Promise<object[]> {
  try {
    const { body } = await sendDraft(get('/jwks'), addresses, { patience: LONGEST_WAIT })
    const { keys } = JSON.parse(body) as { keys: object[] }
    return keys.map((key) => ({ ...key, server: addresses.server }))
  } catch {
    return []
  }
}
