import type { ProgramName } from '@oauth-lab/course/programs/programs.ts'
import { listVersions } from '@oauth-lab/course/programs/versions.ts'
import type { KnownVersion } from '../known-versions.ts'
import { TrafficLog } from '../traffic/log.ts'
import { sentenceOf } from '../traffic/row.ts'
import type { TapMessage } from '../traffic/tap.ts'

const [first] = listVersions()
const VERSION: KnownVersion = { ...(first ?? fail()), id: 'v01-code-flow', leadsTo: undefined }
const CHROMIUM = ['User-Agent', 'Mozilla/5.0']
export const CODE = 'c'.repeat(43)

export function fail(): never {
  throw new Error('This is missing')
}

export type Request = Partial<Extract<TapMessage, { tap: 'request' }>>

/** A log, and messages that a tap may send to it. */
export class Scene {
  readonly log = new TrafficLog()

  say(said: Omit<TapMessage, 'process'>, program: ProgramName = 'server'): this {
    this.log.take({ process: 1, ...said } as TapMessage, program, VERSION)
    return this
  }

  ask(id: number, at: number, request: Request = {}, program: ProgramName = 'server'): this {
    const usual = { method: 'GET', url: '/', httpVersion: '1.1', headers: CHROMIUM, peer: '::1 1' }
    return this.say(
      { tap: 'request', id, at, waits: false, ...usual, ...request } as never,
      program,
    )
  }

  answer(
    id: number,
    at: number,
    [status, headers = '', text = '']: [status: number, headers?: string, text?: string] = [200],
    program: ProgramName = 'server',
  ): this {
    const head = `HTTP/1.1 ${status} Reason\r\n${headers}\r\n\r\n`
    const body = { text, size: Buffer.byteLength(text) }
    return this.say({ tap: 'answer', id, at, waits: false, status, head, body } as never, program)
  }

  /** A code that comes by redirect and is exchanged for a token. */
  flow(): this {
    const form = `grant_type=authorization_code&code=${CODE}`
    const headers = [
      'Content-Type',
      'application/x-www-form-urlencoded',
      'Authorization',
      `Basic ${btoa('lab-client:lab-client-secret')}`,
    ]
    return this.ask(1, 10, { method: 'POST', url: '/authorize' })
      .answer(1, 11, [303, `Location: http://localhost:1/callback?code=${CODE}`])
      .ask(1, 12, { url: `/callback?code=${CODE}`, process: 2 } as Request, 'client')
      .say({ tap: 'connected', at: 12.5, address: '::1 7' } as never, 'client')
      .ask(2, 13, { method: 'POST', url: '/token', headers, peer: '::1 7' })
      .say({ tap: 'body', id: 2, body: { text: form, size: form.length } } as never)
      .answer(2, 14, [
        200,
        'Content-Type: application/json',
        '{"access_token":"tttttttttttttttttttttttt","expires_in":300}',
      ])
  }

  sentences(): string[] {
    return this.log.entries.map((entry) => (entry.kind === 'note' ? entry.text : sentenceOf(entry)))
  }
}
