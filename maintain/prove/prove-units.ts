import { ToldError } from '@oauth-lab/course/told-error.ts'
import { type Excuse, excuseFor } from './excused.ts'
import { isComment, type Unit } from './units.ts'
import { type Finding, Workspace } from './workspace.ts'

/** The result of undoing one change. */
export interface Verdict {
  unit: Unit
  finding: Finding | undefined
  /** Why the change needs no proof, if it has an excuse. */
  excuse: string | undefined
}

/** What to prove, and how. */
export interface Proof {
  version: string
  newer: string
  units: Unit[]
  excuses: Excuse[]
  /** The number of changes to undo at the same time. */
  workers: number
  /** Called in the order of the units. */
  onVerdict: (verdict: Verdict) => void
}

/**
 * Undoes changes one at a time, each in a copy of the newer version, and says what fails.
 *
 * @throws {ToldError}
 */
export async function prove(proof: Proof): Promise<Verdict[]> {
  const { newer, units, excuses, version, workers, onVerdict } = proof
  const waiting = units.entries()
  const verdicts: Verdict[] = []
  let told = 0

  const tell = (at: number, verdict: Verdict) => {
    verdicts[at] = verdict
    for (; verdicts[told] !== undefined; told += 1) onVerdict(verdicts[told] as Verdict)
  }
  const work = async (workspace: Workspace) => {
    for (const [at, unit] of waiting) {
      const finding = isComment(unit) ? undefined : await workspace.tryWith(unit.path, unit.undone)
      const excuse = finding === undefined ? excuseFor(unit, version, excuses) : undefined
      tell(at, { unit, finding, excuse })
    }
  }

  const count = Math.min(workers, units.length)
  const workspaces = Array.from({ length: count }, () => new Workspace(newer))
  try {
    const red = await workspaces[0]?.run()
    if (red !== undefined) {
      throw new ToldError(
        `${version} already fails before anything is undone: ${red.what}. Fix that first.`,
      )
    }
    await Promise.all(workspaces.map(work))
    return verdicts
  } finally {
    for (const workspace of workspaces) workspace.remove()
  }
}
