import { type Hook, hangUp, withServerHook } from '@oauth-lab/shared/testing/hooks.ts'
import { startLab } from '@oauth-lab/shared/testing/lab.ts'
import { type Exchange, recorded } from '@oauth-lab/shared/testing/recorder.ts'
import type { Version } from '../programs/versions.ts'
import type { KnownPrograms } from './knowledge.ts'
import { Person } from './person.ts'
import { type ProgramMemory, showingMemory } from './program-memory.ts'
import { StoryRecord } from './story-record.ts'

/** The setup for one attack: its own programs on free ports, and two people with browsers. */
export class AttackStage extends StoryRecord {
  readonly victim = new Person('victim', this)
  readonly attacker = new Person('attacker', this)

  static async open(version: Version, { programs, knows }: KnownPrograms): Promise<AttackStage> {
    const exchanges: Exchange[] = []
    const network = { isCut: false }
    const memory: ProgramMemory = {}
    const cut: Hook = async (...request) => (network.isCut ? hangUp(...request) : undefined)
    const seen = recorded(showingMemory(programs, memory), exchanges)
    const lab = await startLab(withServerHook(seen, cut))
    return new AttackStage(version, lab, seen, exchanges, knows, network, memory)
  }
}
