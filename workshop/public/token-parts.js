// Takes a JWT apart and shows its parts. Nothing of it leaves the page: to check a signature, the keys come here.

/** No HTTP header of the lab's programs can be longer. */
const MOST_CHARACTERS = 16_000
/** Claims that are times, in seconds since 1970. */
const TIMES = ['iat', 'nbf', 'exp']
/** Units of time, in seconds. */
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

const relative = new Intl.RelativeTimeFormat('en')

/**
 * @typedef {object} Part one of the first two parts
 * @property {string} raw as it is in the token
 * @property {string} json the text behind it
 * @property {Record<string, unknown>} fields what the text says
 */

/**
 * Takes a token apart, also one that is broken over lines or has `Bearer` before it.
 *
 * @param {string} text
 * @returns {{ header: Part, claims: Part, signature: string } | { problem: string }} a problem is a sentence
 */
export function takeApart(text) {
  const token = text.replace(/^\s*(authorization:)?\s*(bearer\s)?/i, '').replace(/\s/g, '')
  const problem = findProblem(token)
  if (problem !== undefined) return { problem }
  const [rawHeader, rawClaims, signature] = token.split('.')
  const [header, claims] = [read(rawHeader), read(rawClaims)]
  if (header === undefined) return { problem: 'The header is base64url, but not a JSON object.' }
  if (claims === undefined) return { problem: 'The claims are base64url, but not a JSON object.' }
  return { header, claims, signature }
}

function findProblem(token) {
  const parts = token.split('.')
  if (token.length > MOST_CHARACTERS) {
    return `This has ${token.length} characters, which is too long for a token.`
  }
  if (parts.length === 1) {
    return (
      "This has no dots, so it isn't a JWT. If it's a token, it says nothing by itself: it's a random value, and only " +
      'the server knows what it stands for. The access tokens of v04 to v12 are like that, and so is every code and ' +
      'every refresh token.'
    )
  }
  if (parts.length === 5) {
    return "This has five parts, so it's an encrypted token (JWE, RFC 7516). Only someone who has the key can read it."
  }
  if (parts.length !== 3) {
    return `A JWT has three parts with dots between them: header, claims and signature. This has ${parts.length}.`
  }
  return ['header', 'claims', 'signature']
    .map((name, index) => findWrongCharacter(name, parts[index]))
    .find((problem) => problem !== undefined)
}

function findWrongCharacter(name, part) {
  const [wrong] = /[^\w-]/u.exec(part) ?? []
  if (wrong !== undefined) return `The ${name} must be base64url, which has no "${wrong}".`
  if (part.length % 4 !== 1) return undefined
  return `The ${name} must be base64url. It has one character too many, or one is missing.`
}

function read(raw) {
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(raw))
    const fields = JSON.parse(json)
    const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields)
    return isObject ? { raw, json, fields } : undefined
  } catch {
    return undefined
  }
}

/** @param {string} part valid base64url */
function bytesOf(part) {
  const characters = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(characters, (character) => character.charCodeAt(0))
}

/**
 * The parts as elements, from the templates of token-parts.eta.
 *
 * @param {{ header: Part, claims: Part, signature: string }} token
 * @param {Node} signature shows the signature
 */
export function viewParts(token, signature) {
  const view = copyOf(document.querySelector('#token-parts'))
  for (const name of ['header', 'claims']) {
    view.querySelector(`[data-raw=${name}]`).textContent = token[name].raw
    view.querySelector(`[data-json=${name}]`).textContent = token[name].json
    const fields = Object.entries(token[name].fields).map((field) => viewField(name, ...field))
    view.querySelector(`[data-fields=${name}]`).append(...fields)
  }
  const isSigned = token.signature !== ''
  for (const part of view.querySelectorAll('[data-signed]')) part.hidden = !isSigned
  view.querySelector('[data-unsigned]').hidden = isSigned
  view.querySelector('.signature').append(signature)
  const told = view.querySelector('[role=status]')
  view.querySelector('button').addEventListener('click', async () => {
    told.textContent = ''
    const { isRight, words } = await checkSignature(token)
    told.className = isRight ? 'good' : 'bad'
    told.textContent = words
  })
  return view
}

function viewField(set, name, value) {
  const { content } = document.querySelector('#token-fields')
  const known = [...content.children].find(({ dataset }) => {
    return dataset.set === set && dataset.name === name
  })
  const field = (known ?? content.lastElementChild).cloneNode(true).firstElementChild
  const [shownName, shownValue] = field.querySelectorAll('code')
  shownName.textContent = name
  shownValue.textContent = typeof value === 'string' ? value : JSON.stringify(value)
  if (set === 'claims' && TIMES.includes(name)) shownValue.after(viewTime(name, value))
  return field
}

function viewTime(name, value) {
  const paragraph = document.createElement('p')
  const date = new Date(value * 1000)
  if (typeof value !== 'number' || Number.isNaN(date.valueOf())) {
    paragraph.className = 'bad'
    paragraph.textContent = "This isn't a time: it must be a number of seconds since 1970."
    return paragraph
  }
  const distance = document.createElement('strong')
  distance.dataset.time = value
  distance.dataset.name = name
  tellDistance(distance)
  const words = date.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'medium' })
  paragraph.append(`${words}: `, distance)
  return paragraph
}

function tellDistance(element) {
  const { time, name } = element.dataset
  const seconds = Math.trunc(Number(time) - Date.now() / 1000)
  const [unit, size] = UNITS.find(([, most]) => Math.abs(seconds) >= most) ?? UNITS.at(-1)
  const words = relative.format(Math.trunc(seconds / size), unit)
  const isOver = seconds <= 0
  element.textContent = name === 'exp' ? `${isOver ? 'expired' : 'expires'} ${words}` : words
  if (name === 'exp') element.className = isOver ? 'bad' : 'good'
}

setInterval(() => document.querySelectorAll('[data-time]').forEach(tellDistance), 1000)

/** Checks a signature like the lab's API: with ES256, whatever the token says, and with a key of a running server. */
async function checkSignature({ header, claims, signature }) {
  const { alg, kid } = header.fields
  const wrong = (words) => ({ isRight: false, words })
  if (alg !== 'ES256') {
    return wrong("The API rejects it: it accepts ES256 alone, and doesn't let a token choose.")
  }
  const answer = await fetch('/reference/decoder/keys').catch(() => undefined)
  if (!answer?.ok)
    return wrong("The workshop doesn't respond. Check that npm start is still running.")
  const { keys } = await answer.json()
  if (keys.length === 0) return wrong('No running server has keys. Start v13 or a later version.')
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) {
    return wrong(
      'No running server has a key with this kid. A server makes a new key each time it starts.',
    )
  }
  const isRight = await verify(key, `${header.raw}.${claims.raw}`, bytesOf(signature))
  if (!isRight)
    return wrong(`It's wrong: the key of ${key.server} didn't sign this header and these claims.`)
  const words =
    `It's right: ${key.server} signed exactly this header and these claims. That isn't all that the API checks: ` +
    'it also looks at typ, iss, aud, exp and sub.'
  return { isRight, words }
}

async function verify(jwk, signed, signature) {
  try {
    const curve = { name: 'ECDSA', namedCurve: 'P-256' }
    const key = await crypto.subtle.importKey('jwk', jwk, curve, false, ['verify'])
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    return await crypto.subtle.verify(algorithm, key, signature, new TextEncoder().encode(signed))
  } catch {
    // A copy may publish a key that is none.
    return false
  }
}

function copyOf(template) {
  return document.importNode(template.content, true).firstElementChild
}
