import type { IncomingHttpHeaders, OutgoingHttpHeader } from 'node:http'
import { html } from '@oauth-lab/shared/testing/browser.ts'
import type { Programs } from '@oauth-lab/shared/testing/lab.ts'

type Program = 'server' | 'client'

/** One thing that a message says: a parameter, a header, a status. */
export interface Field {
  name: string
  value: string
}

/** A request or an answer, as it went over the wire. */
export interface Message {
  from: Program | 'browser'
  to: Program | 'browser'
  /** `GET /callback`, for an answer the request that it answers. */
  request: string
  isAnswer: boolean
  fields: Field[]
  /** The whole page that an answer carries. */
  page: string
}

/** No message of the lab has that many; to compare more takes the longer the more there are. */
const MOST_FIELDS = 100

/** By this the recorder tells a browser's requests from those of the client. */
export const BROWSER = { 'user-agent': 'browser' }

/** Everything that a pair of programs is asked and answers, in its order. */
export class WireRecorder {
  #messages: Message[] = []

  /** The same programs, listened to. */
  watch(programs: Programs): Programs {
    return {
      buildServer: (config) => this.#listenTo(programs.buildServer(config), 'server'),
      buildClient: (config) => this.#listenTo(programs.buildClient(config), 'client'),
    }
  }

  /**
   * What was said since the last call. A request that no route is there for is answered before this
   * recorder hears of it: what a version does not know is no message of it.
   */
  take(): Message[] {
    const messages = this.#messages
    this.#messages = []
    return messages
  }

  #listenTo(app: ReturnType<Programs['buildServer']>, program: Program) {
    const asked = new WeakMap<object, Message>()
    app.addHook('onRequest', async (request) => {
      const sender = request.headers['user-agent'] === BROWSER['user-agent'] ? 'browser' : 'client'
      const [path = ''] = request.url.split('?', 1)
      const message: Message = {
        from: sender,
        to: program,
        request: `${request.method} ${path}`,
        isAnswer: false,
        fields: [],
        page: '',
      }
      asked.set(request, message)
      this.#messages.push(message)
    })
    app.addHook('onSend', async (request, reply, payload) => {
      const question = asked.get(request)
      if (question === undefined) return
      question.fields = [
        ...fieldsOf(request.query),
        ...requestHeaders(request.headers),
        ...fieldsOf(request.body),
      ].slice(0, MOST_FIELDS)
      this.#messages.push({
        ...question,
        from: question.to,
        to: question.from,
        isAnswer: true,
        ...readAnswer(reply.statusCode, reply.getHeaders(), String(payload ?? '')),
      })
    })
    return app
  }
}

function requestHeaders({ authorization, cookie }: IncomingHttpHeaders): Field[] {
  return [...header('Cookie', cookie), ...header('Authorization', authorization)]
}

function readAnswer(
  status: number,
  headers: Record<string, OutgoingHttpHeader | undefined>,
  body: string,
): Pick<Message, 'fields' | 'page'> {
  const type = String(headers['content-type'] ?? '')
  const isPage = type.startsWith('text/html')
  return {
    fields: [
      { name: 'status', value: String(status) },
      ...header('WWW-Authenticate', headers['www-authenticate']),
      ...header('Set-Cookie', headers['set-cookie']),
      ...readLocation(headers.location),
      ...(isPage ? [{ name: 'page', value: titleOf(body) }] : []),
      ...(type.startsWith('application/json') ? fieldsOf(JSON.parse(body)) : []),
    ].slice(0, MOST_FIELDS),
    page: isPage ? body : '',
  }
}

/** A redirect's parameters are told one by one, beneath the address without them. */
function readLocation(location: unknown): Field[] {
  if (typeof location !== 'string') return []
  const [address = '', query = ''] = location.split('?', 2)
  return [
    { name: 'Location', value: address },
    ...[...new URLSearchParams(query)].map(([name, value]) => ({ name, value })),
  ]
}

function header(name: string, value: OutgoingHttpHeader | undefined): Field[] {
  return [value ?? []].flat().map((text) => ({ name, value: String(text) }))
}

function fieldsOf(values: unknown): Field[] {
  return Object.entries(values ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => ({
      name,
      value: typeof one === 'object' ? JSON.stringify(one) : String(one),
    })),
  )
}

function titleOf(page: string): string {
  const text = html({ body: page } as Parameters<typeof html>[0]).querySelector('h1')?.text
  return text?.trim() ?? ''
}
