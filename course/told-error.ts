/**
 * What a person is told instead of a stack: what happened, and what to do. Whoever can't go on throws it. The command
 * line prints its message and ends with its status, in `scripts/lib/run-command.mjs` alone.
 */
export class ToldError extends Error {
  /** 2 where the command was typed wrong, 1 otherwise. */
  readonly exitStatus: 1 | 2

  constructor(message: string, exitStatus: 1 | 2 = 1) {
    super(message)
    this.exitStatus = exitStatus
  }
}

/** The error for a command that can't be followed as it was typed. The message says what it takes. */
export function wrongUsage(message: string): ToldError {
  return new ToldError(message, 2)
}
