/** Who acts in a story. */
export type Actor = 'victim' | 'attacker' | 'client' | 'server'

/** Whom a message can come from or go to. */
export type Party =
  | "victim's browser"
  | "attacker's browser"
  | "attacker's program"
  | "attacker's site"
  | 'elsewhere'
  | Actor

/**
 * `front`: through a browser. `back`: straight from program to program. `outside`: by other means,
 * such as a mail, a log file or a look over the shoulder.
 */
export type Channel = 'front' | 'back' | 'outside'

/** A parameter of a message. */
export interface Parameter {
  name: string
  value: string
  /** Whose browser or account it was made for, where the story knows. */
  whose?: 'victim' | 'attacker'
}

/** An address, taken apart. */
export interface Address {
  at: Party
  path: string
  parameters: Parameter[]
}

export interface Answer {
  status: number
  /** Where it sends the browser. */
  location?: Address
  /** What its page says, or the error that it names. */
  says?: string
  /** What a JSON answer holds. */
  parameters: Parameter[]
}

export interface Message extends Address {
  method: string
  answer: Answer
}

/** One step of a story: data, which whoever shows the story may print or draw. */
export interface Step {
  /** Whose doing it is: a victim's browser also does what an attacker made it do. */
  actor: Actor
  from: Party
  to: Party
  channel: Channel
  message?: Message
  meaning: string
}

/** A story that was played. */
export interface Story {
  /** What the attacker has before it begins. */
  start: string
  steps: Step[]
}

/** Whose account it is: the victim's is user0, the attacker's is user1. */
export type Account = 'victim' | 'attacker'

/** How a step is told: what it means, who makes it happen, and what to show of its message. */
export interface Told {
  meaning: string
  actor?: Actor
  /** Parameters to show though they are the same in every login, or secret. */
  show?: readonly string[]
}
