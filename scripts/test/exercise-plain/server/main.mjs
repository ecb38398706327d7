import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

// A server of v02 in plain JavaScript, without any code of the lab: checks look only at responses.

const { AUTH_SERVER_URL = '', CLIENT_URL, CLIENT_ID, CLIENT_SECRET } = process.env
const clients = {
  [CLIENT_ID]: { secret: CLIENT_SECRET, uri: `${CLIENT_URL}/callback` },
  'other-client': {
    secret: 'other-client-secret',
    uri: 'http://localhost:25009/callback?from=other',
  },
}
const codes = new Map()

function authorize(query, method, body) {
  const client = clients[query.get('client_id')]
  if (!client || client.uri !== query.get('redirect_uri')) return { status: 400, html: 'No.' }
  const back = new URL(client.uri)
  const states = query.getAll('state')
  if (states.length === 1 && states[0]) back.searchParams.set('state', states[0])
  const error =
    states.length > 1
      ? 'invalid_request'
      : query.get('response_type') !== 'code' && 'unsupported_response_type'
  if (error) back.searchParams.set('error', error)
  else if (method === 'GET') return { status: 200, html: FORM }
  else if (body.get('password') !== body.get('username')?.replace('user', 'password')) {
    return { status: 401, html: FORM }
  } else {
    const code = randomUUID()
    codes.set(code, query.get('client_id'))
    back.searchParams.set('code', code)
  }
  return { status: 303, location: back.href }
}

function token(authorization = '', body) {
  const [id, secret] = Buffer.from(authorization.slice(6), 'base64').toString().split(':')
  if (!clients[id] || clients[id].secret !== secret)
    return { status: 401, json: { error: 'invalid_client' } }
  if (codes.get(body.get('code')) !== id) return { status: 400, json: { error: 'invalid_grant' } }
  codes.delete(body.get('code'))
  return {
    status: 200,
    json: { access_token: randomUUID(), token_type: 'Bearer', expires_in: 3600 },
  }
}

const FORM =
  '<form method="post"><input name="username"><input name="password" type="password"></form>'

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, AUTH_SERVER_URL)
  const body = new URLSearchParams(await text(request))
  const answer =
    pathname === '/authorize'
      ? authorize(searchParams, request.method, body)
      : pathname === '/token'
        ? token(request.headers.authorization, body)
        : { status: 404, html: 'Nothing.' }
  const type = answer.json ? 'application/json' : 'text/html'
  const location = answer.location ? { location: answer.location } : {}
  response.writeHead(answer.status, { 'content-type': type, ...location })
  response.end(answer.json ? JSON.stringify(answer.json) : answer.html)
}).listen(new URL(AUTH_SERVER_URL).port, 'localhost')
