import type { FastifyInstance } from 'fastify'
import type { Store } from '../store.ts'

/** The public keys of this server, with which everyone can check its access tokens. RFC 7517 section 5 */
export async function jwksRoute(app: FastifyInstance, { store }: { store: Store }): Promise<void> {
  app.get('/jwks', { config: { backChannel: true } }, async (_request, reply) => {
    const { kid, publicKey } = store.signingKey
    reply.header('cache-control', 'public, max-age=60').removeHeader('pragma')
    return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }] }
  })
}
