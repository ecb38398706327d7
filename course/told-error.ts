/**
 * An error whose message a person reads instead of a stack: what happened, and what to do. Only
 * `scripts/lib/run-command.mjs` prints it, and ends the command with its status.
 */
export class ToldError extends Error {
  /** 2 if the command was typed wrong, 1 otherwise. */
  readonly exitStatus: 1 | 2

  constructor(message: string, exitStatus: 1 | 2 = 1) {
    super(message)
    this.exitStatus = exitStatus
  }
}

/** The error for a command that was typed wrong. The message says what the command accepts. */
export function wrongUsage(message: string): ToldError {
  return new ToldError(message, 2)
}
