/** Who acts in a story. */
export type Actor = 'victim' | 'attacker' | 'client' | 'server' | 'API' | 'CLI'

/** Who can send or receive a message. */
export type Party =
  | "victim's browser"
  | "attacker's browser"
  | "attacker's program"
  | "attacker's site"
  | 'other API'
  | 'elsewhere'
  | Actor

/**
 * `front`: through a browser. `back`: directly between programs. `outside`: outside the web, such as
 * an email, a log file or a look over the shoulder.
 */
export type Channel = 'front' | 'back' | 'outside'

/** A parameter of a message. */
export interface Parameter {
  name: string
  value: string
  /** Whose browser or account it belongs to, if the story knows. */
  whose?: 'victim' | 'attacker'
}

/** The parts of an address. */
export interface Address {
  at: Party
  path: string
  parameters: Parameter[]
}

/** The response to a message. */
export interface MessageResponse {
  status: number
  /** Where it redirects the browser. */
  location?: Address
  /** The message on its page, or its error. */
  says?: string
  /** The members of a JSON body. */
  parameters: Parameter[]
}

export interface Message extends Address {
  method: string
  response: MessageResponse
}

/** One step of a story, as data that a program can print or draw. */
export interface Step {
  /** Who causes the step. The attacker can make the victim's browser act. */
  actor: Actor
  from: Party
  to: Party
  channel: Channel
  message?: Message
  meaning: string
}

/** The story of one run. */
export interface Story {
  /** What the attacker has at the start. */
  start: string
  steps: Step[]
}

/** The owner of an account. The victim is user0, the attacker is user1. */
export type Account = 'victim' | 'attacker'

/** How to describe a step: its meaning, who causes it, and which parameters to show. */
export interface Told {
  meaning: string
  actor?: Actor
  /** Parameters to show even though they are usual or secret. */
  show?: readonly string[]
}
