import { PageError } from '@oauth-lab/shared/page-error.ts'
import type { FastifyRequest } from 'fastify'

/**
 * Rejects forms from pages of other origins. Browsers say where a request comes from.
 * W3C Fetch Metadata section 2.3
 *
 * @throws {PageError} 400
 */
export async function refuseForeignForms({ method, headers }: FastifyRequest): Promise<void> {
  const site = headers['sec-fetch-site'] ?? 'same-origin'
  if (method !== 'POST' || site === 'same-origin') return
  throw new PageError(400, 'Cross-origin form', 'Only a page of this server can send this form.')
}
