import { ExpiringMap } from '@oauth-lab/shared/expiring-map.ts'
import type { Adapter, AdapterPayload } from 'oidc-provider'

const entries = new ExpiringMap<AdapterPayload>(Number.POSITIVE_INFINITY)
const membersOfGrant = new Map<string, Set<string>>()

/** Stores everything that oidc-provider keeps in memory, without a limit. */
export class UnboundedAdapter implements Adapter {
  readonly #model: string

  constructor(model: string) {
    this.#model = model
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const key = this.#key(id)
    entries.set(key, payload, expiresIn)
    const { grantId, uid } = payload
    if (this.#model === 'Session' && uid !== undefined)
      entries.set(`uid:${uid}`, payload, expiresIn)
    if (grantId === undefined) return
    const members = membersOfGrant.get(grantId) ?? new Set()
    membersOfGrant.set(grantId, members.add(key))
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return entries.get(this.#key(id))
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return entries.get(`uid:${uid}`)
  }

  async findByUserCode(): Promise<undefined> {}

  async consume(id: string): Promise<void> {
    const payload = await this.find(id)
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    entries.delete(this.#key(id))
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const key of membersOfGrant.get(grantId) ?? []) entries.delete(key)
    membersOfGrant.delete(grantId)
  }

  #key(id: string): string {
    return `${this.#model}:${id}`
  }
}
