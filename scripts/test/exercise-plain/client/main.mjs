import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

// A client of v02 in plain JavaScript, without any code of the lab: checks look only at responses.

const { AUTH_SERVER_URL, CLIENT_URL = '', CLIENT_ID, CLIENT_SECRET } = process.env
const redirectUri = `${CLIENT_URL}/callback`
const logins = new Map()

function login(browser) {
  const id = browser ?? randomUUID()
  const state = randomUUID()
  logins.set(id, state)
  const query = { response_type: 'code', client_id: CLIENT_ID, redirect_uri: redirectUri, state }
  return {
    status: 302,
    location: `${AUTH_SERVER_URL}/authorize?${new URLSearchParams(query)}`,
    cookie: `browser=${id}; HttpOnly; SameSite=Lax; Path=/`,
  }
}

async function callback(browser, query) {
  const [state, another] = query.getAll('state')
  if (!state || another || logins.get(browser) !== state)
    return { status: 400, html: 'Wrong state' }
  logins.delete(browser)
  const code = query.get('code') ?? ''
  const response = await fetch(`${AUTH_SERVER_URL}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`,
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
    }),
  })
  const { access_token } = await response.json()
  return { status: response.status, html: `${code} ${access_token}` }
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, CLIENT_URL)
  const browser = /browser=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1]
  const answer =
    pathname === '/login'
      ? login(browser)
      : pathname === '/callback'
        ? await callback(browser, searchParams)
        : { status: 200, html: '<a href="/login">Start</a>' }
  const cookie = answer.cookie ? { 'set-cookie': answer.cookie } : {}
  const location = answer.location ? { location: answer.location } : {}
  response.writeHead(answer.status, { 'content-type': 'text/html', ...cookie, ...location })
  response.end(answer.html)
}).listen(new URL(CLIENT_URL).port, 'localhost')
