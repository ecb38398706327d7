/** What one thing that a message says is for. */
export interface Explanation {
  what: string
  madeBy: string
  checkedBy: string
  /** Where it is specified, with the address of that section. */
  source: Source | undefined
}

/** A section of a specification. */
export interface Source {
  text: string
  href: string
}

type Row = [name: string, what: string, madeBy: string, checkedBy: string, source: string]

/** How a client may name itself in any request for a token. */
const CLIENT_IN_BODY: Row[] = [
  [
    'client_id',
    'Which client asks, said in the body.',
    'The server, when the client was registered.',
    'The server. A name in the header must be the same.',
    'RFC 6749 section 2.3.1',
  ],
  [
    'client_secret',
    'The password of the client, in the body in place of the header.',
    'The server, when the client was registered.',
    'The server. In header and body at once it is refused.',
    'RFC 6749 section 2.3.1',
  ],
]

/**
 * By the set that they belong to, since one word means different things in different messages: the
 * `state` of a request is a question to oneself, that of an answer is to be compared.
 */
const SETS: Record<string, Row[]> = {
  'authorization request': [
    [
      'response_type',
      'What the client wants to get. `code` is the one that this server knows: an authorization code.',
      'The client. It is the same each time.',
      'The server. Another one is refused with unsupported_response_type.',
      'RFC 6749 section 3.1.1',
    ],
    [
      'client_id',
      'Which client asks. It is a name and no secret: everybody can read it here.',
      'The server, when the client was registered.',
      'The server. An unknown one gets a page, and never a redirect.',
      'RFC 6749 section 2.2',
    ],
    [
      'redirect_uri',
      'Where the browser shall bring the answer.',
      'The client. It was registered before.',
      'The server compares it with the registered one, character by character: a looser rule lets codes go to strangers.',
      'RFC 9700 section 2.1',
    ],
    [
      'state',
      'By this the client will know the answer to the login that this very browser began.',
      'The client, at random for each login. It keeps it in the session of the browser.',
      'The client alone, when it comes back. The server hands it on unread.',
      'RFC 6749 section 10.12',
    ],
    [
      'code_challenge',
      'The SHA-256 of a secret that the client keeps, the code verifier. Everybody may see it: nobody gets from it to the verifier.',
      'The client, of a new verifier for each login.',
      'The server looks at its form now, and keeps it beside the code. At the token request it compares it with the verifier.',
      'RFC 7636 section 4.3',
    ],
    [
      'code_challenge_method',
      'How the challenge was made. Left out it would mean `plain`: the challenge is then the verifier itself.',
      'The client. It is the same each time.',
      'The server takes S256 alone.',
      'RFC 7636 section 4.3',
    ],
  ],
  'login form': [
    [
      'username',
      'Who the user claims to be. How a server finds that out is its own affair, and no part of OAuth.',
      'The user types it.',
      'The server. The client never sees it.',
      'RFC 6749 section 3.1',
    ],
    [
      'password',
      'What the user proves it with. That the client never sees it is the point of the whole flow.',
      'The user types it, into a page of the server.',
      'The server alone.',
      'RFC 6749 section 3.1',
    ],
  ],
  'authorization response': [
    [
      'code',
      'The authorization code: it works once, for minutes, and for this client alone. It goes through the browser, so it is no token yet.',
      'The server, at random, once the user has logged in.',
      'The server, when the client offers it at the token endpoint.',
      'RFC 6749 section 4.1.2',
    ],
    [
      'state',
      'The state of the request, as it went. An answer that brings another one belongs to a login that this browser did not begin.',
      'The client made it, the server gives it back unchanged.',
      'The client compares it with the one in the session, before it looks at anything else.',
      'RFC 6749 section 4.1.2',
    ],
  ],
  'authorization error': [
    [
      'error',
      'Why there is no code, in one of a few fixed words.',
      'The server.',
      'The client shows it, and exchanges nothing.',
      'RFC 6749 section 4.1.2.1',
    ],
    [
      'error_description',
      'The same for a developer, in words of the server.',
      'The server.',
      'Nobody. The client shows it as text, for it came through an address that anybody can write.',
      'RFC 6749 section 4.1.2.1',
    ],
    [
      'state',
      'The state of the request, as it went. A refusal is an answer too, and needs the same proof of where it belongs.',
      'The client made it, the server gives it back unchanged.',
      'The client compares it with the one in the session.',
      'RFC 6749 section 4.1.2.1',
    ],
  ],
  'client authentication': [
    [
      'Basic',
      'Name and secret of the client, form-encoded, joined by a colon, in base64. That is a way to write them, and hides nothing.',
      'The client.',
      'The server, before it looks at the code.',
      'RFC 6749 section 2.3.1',
    ],
    [
      'client_id',
      'Which client asks.',
      'The server, when the client was registered.',
      'The server. The code or the refresh token must be one of this client.',
      'RFC 6749 section 2.3.1',
    ],
    [
      'client_secret',
      'The password of the client. It never goes through a browser.',
      'The server, when the client was registered.',
      'The server, in a time that tells nothing of how much of it was right.',
      'RFC 6749 section 2.3.1',
    ],
  ],
  'token request': [
    [
      'grant_type',
      'What the client offers for a token. `authorization_code`: the code of a login.',
      'The client.',
      'The server. One that it does not know is refused with unsupported_grant_type.',
      'RFC 6749 section 4.1.3',
    ],
    [
      'code',
      'The code that the browser brought. This try spends it, whatever comes of it.',
      'The server, when the user had logged in.',
      'The server: is it known, not used, not too old, and one of this client?',
      'RFC 6749 section 4.1.3',
    ],
    [
      'redirect_uri',
      'Where the code was sent, once more. Nobody is redirected now.',
      'The client.',
      'The server compares it with the one of the authorization request.',
      'RFC 6749 section 4.1.3',
    ],
    [
      'code_verifier',
      'The secret behind the challenge. Whoever has it is who began the login, so a stolen code alone buys nothing.',
      'The client, at random for each login. It kept it in the session of the browser.',
      'The server: its SHA-256 must be the challenge that came with the authorization request.',
      'RFC 7636 section 4.6',
    ],
    ...CLIENT_IN_BODY,
  ],
  'refresh request': [
    [
      'grant_type',
      'What the client offers for a token. `refresh_token`: a token that buys tokens.',
      'The client.',
      'The server. One that it does not know is refused with unsupported_grant_type.',
      'RFC 6749 section 6',
    ],
    [
      'refresh_token',
      'What the client offers. This spends it. Offered a second time it ends every token of its login: two have it, and one of them is a thief.',
      'The server, with the access token before.',
      'The server: is it known, not spent, not too old, and one of this client?',
      'RFC 9700 section 4.14.2',
    ],
    ...CLIENT_IN_BODY,
  ],
  'token response': [
    [
      'access_token',
      'The key to the resource. The client does not look into it.',
      'The server, at random. It remembers what the token stands for.',
      'The resource server, each time that the client shows it.',
      'RFC 6749 section 5.1',
    ],
    [
      'token_type',
      'How the token is to be used. `Bearer`: who has it may use it.',
      'The server.',
      'The client. It must not use a token of a type that it does not know.',
      'RFC 6749 section 7.1',
    ],
    [
      'expires_in',
      'For how many seconds the access token is good.',
      'The server.',
      'The server keeps to it. The client may renew its token before.',
      'RFC 6749 section 5.1',
    ],
    [
      'refresh_token',
      'Buys the next access token, without the user. Each use gives a new one: rotation.',
      'The server, at random.',
      'The server, when the client offers it at the token endpoint. It goes nowhere else.',
      'RFC 6749 section 1.5',
    ],
  ],
  'token error': [
    [
      'error',
      'Why there is no token, in one of a few fixed words.',
      'The server.',
      'The client. It has to do without a token.',
      'RFC 6749 section 5.2',
    ],
    [
      'error_description',
      'The same for a developer, in words of the server.',
      'The server.',
      'Nobody: it is for people.',
      'RFC 6749 section 5.2',
    ],
  ],
  'resource request': [
    [
      'Bearer',
      'The access token. Whoever has it may use it, so it stands in a header: addresses end up in logs.',
      'The server, at the token endpoint.',
      'The resource server: is it known, and not too old?',
      'RFC 6750 section 2.1',
    ],
  ],
  'resource response': [
    [
      'user_id',
      "Who the user is that the token speaks for. The resource is the lab's own: OAuth says nothing of what is in it.",
      'The resource server.',
      'The client looks whether it is there.',
      '',
    ],
    [
      'username',
      'The name to show.',
      'The resource server.',
      'The client looks whether it is there.',
      '',
    ],
    [
      'email',
      'The address of the user.',
      'The resource server.',
      'The client looks whether it is there.',
      '',
    ],
  ],
  'resource error': [
    [
      'error',
      'Why the token was not taken, as in the WWW-Authenticate header.',
      'The resource server.',
      'The client reads the status, 401: it needs another token.',
      'RFC 6750 section 3.1',
    ],
    [
      'error_description',
      'The same for a developer, in words of the server.',
      'The resource server.',
      'Nobody: it is for people.',
      'RFC 6750 section 3',
    ],
    [
      'message',
      'What to do, for whoever sent no token. There is no `error` then.',
      'The resource server.',
      'Nobody: it is for people.',
      'RFC 6750 section 3.1',
    ],
  ],
  challenge: [
    [
      'Basic',
      'Which way to authenticate the server wants to see: the name and secret of a client.',
      'The server, with each 401 of its token endpoint.',
      'The client.',
      'RFC 6749 section 5.2',
    ],
    [
      'Bearer',
      'Which way to authenticate the resource wants to see: an access token.',
      'The resource server, with each 401.',
      'The client.',
      'RFC 6750 section 3',
    ],
  ],
  'Basic challenge': [
    [
      'realm',
      'A name for what is protected here.',
      'The server.',
      'Nobody: the lab has one realm.',
      'RFC 9110 section 11.5',
    ],
  ],
  'Bearer challenge': [
    [
      'realm',
      'A name for what is protected here.',
      'The resource server.',
      'Nobody: the lab has one realm.',
      'RFC 6750 section 3',
    ],
    [
      'error',
      'Why the token was not taken. Who sent no token is told no error: it made no mistake.',
      'The resource server.',
      'The client. It needs another token.',
      'RFC 6750 section 3.1',
    ],
    [
      'error_description',
      'The same for a developer, in words of the server.',
      'The resource server.',
      'Nobody: it is for people.',
      'RFC 6750 section 3',
    ],
  ],
  'cookie attribute': [
    [
      'HttpOnly',
      'No script of a page can read the cookie.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.6',
    ],
    [
      'SameSite',
      'Lax: a request that another site causes brings the cookie only when it leads the browser to the page, by GET. The way back from the server is such a one. (It stands in the draft that is to follow RFC 6265.)',
      'The client.',
      'The browser.',
      '',
    ],
    [
      'Path',
      'Below which path the browser sends it.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.4',
    ],
    [
      'Secure',
      'The browser sends it over https alone. Not set on http://localhost.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.5',
    ],
    [
      'Expires',
      'When the browser shall forget it.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.1',
    ],
    [
      'Max-Age',
      'In how many seconds the browser shall forget it.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.2',
    ],
  ],
  header: [
    [
      'Location',
      'Where the browser goes next. Its query is a message from one program to the other, and the browser carries it.',
      'The program that answers.',
      'The browser follows it, unasked.',
      'RFC 6749 section 1.7',
    ],
    [
      'Cache-Control',
      'Nobody may keep this answer. OAuth asks that of tokens, and a page with a code is no better kept.',
      'The program that answers.',
      'Browsers and caches on the way.',
      'RFC 6749 section 5.1',
    ],
    [
      'Pragma',
      'The same for caches of old.',
      'The program that answers.',
      'Caches on the way.',
      'RFC 6749 section 5.1',
    ],
    [
      'Referrer-Policy',
      'The next site does not hear where the browser comes from: the address may have a code in it.',
      'The program that answers.',
      'The browser.',
      'RFC 9700 section 4.2',
    ],
    [
      'Content-Security-Policy',
      'What a page may load, where its forms may go, and that no other site may frame it.',
      'The program that answers.',
      'The browser.',
      'RFC 9700 section 4.16',
    ],
    [
      'X-Frame-Options',
      'No other site may frame the page, for browsers that do not know the policy above.',
      'The program that answers.',
      'The browser.',
      'RFC 9700 section 4.16',
    ],
    [
      'Origin',
      'Which site a form was sent from. `null` where the page wants to keep that to itself.',
      'The browser.',
      'Nobody here.',
      'RFC 6454 section 7',
    ],
    [
      'Content-Type',
      'How the body is written. A token request is a form, its answer JSON.',
      'Who sends the message.',
      'Who gets it. The token endpoint takes forms alone.',
      'RFC 6749 section 4.1.3',
    ],
    [
      'Allow',
      'Which methods this address takes.',
      'The program that answers.',
      'Nobody: it helps who asked.',
      'RFC 9110 section 10.2.1',
    ],
    [
      'Authorization',
      "Who asks, in a way that this page can't read.",
      'Who sends the message.',
      'The program that is asked.',
      'RFC 9110 section 11.6.2',
    ],
    [
      'X-OAuth-Lab',
      "Which version and which program answers. The lab's own.",
      'The program that answers.',
      'Nobody.',
      '',
    ],
  ],
}

const COOKIES: Record<string, Row> = {
  'session cookie': [
    '',
    "By this the client knows the browser again. Cookies don't know ports, so a browser shows it to the server as well, which does not look at it.",
    'The client, at random, with a signature behind the dot.',
    'The client: the signature, and whether there is such a session.',
    'RFC 6265 section 4.2',
  ],
  'new session cookie': [
    '',
    'By this the client will know the browser again. What it remembers stays with the client; the cookie is the key to it.',
    'The client, at random, with a signature behind the dot.',
    'The browser keeps it, and shows it from now on.',
    'RFC 6265 section 4.1',
  ],
  'ended cookie': [
    '',
    'The browser shall forget its cookie: there is no such session any more. Its time lies in the past.',
    'The client.',
    'The browser.',
    'RFC 6265 section 3.1',
  ],
  'other cookie': [
    '',
    "A cookie of another program on this machine, or one that a copy has given a name of its own. Cookies don't know ports.",
    'Whoever set it.',
    'Whoever set it.',
    'RFC 6265 section 8.5',
  ],
  'new other cookie': [
    '',
    'A cookie under a name of its own, by which the program will know the browser again.',
    'The program that answers.',
    'The browser keeps it, and shows it from now on.',
    'RFC 6265 section 4.1',
  ],
}

/** The codes of RFC 6749 sections 4.1.2.1 and 5.2, and of RFC 6750 section 3.1. */
const ERRORS: Record<string, [what: string, source: string]> = {
  invalid_request: ['Something is missing, malformed, or there twice.', 'RFC 6749 section 5.2'],
  unauthorized_client: ['This client may not do that.', 'RFC 6749 section 5.2'],
  access_denied: ['The user, or the server, said no.', 'RFC 6749 section 4.1.2.1'],
  unsupported_response_type: [
    'The server gives no answers of that type.',
    'RFC 6749 section 4.1.2.1',
  ],
  invalid_scope: ['The client asks for what is not there to ask for.', 'RFC 6749 section 5.2'],
  server_error: ['The server made a mistake.', 'RFC 6749 section 4.1.2.1'],
  temporarily_unavailable: ['Not now. Try again later.', 'RFC 6749 section 4.1.2.1'],
  invalid_client: ['The client is unknown, or did not prove who it is.', 'RFC 6749 section 5.2'],
  invalid_grant: [
    'The code or refresh token is unknown, used, too old, or of another client; or what belongs to it does not match.',
    'RFC 6749 section 5.2',
  ],
  unsupported_grant_type: ['The server does not know that grant type.', 'RFC 6749 section 5.2'],
  invalid_token: [
    'The access token is missing, malformed, unknown or expired.',
    'RFC 6750 section 3.1',
  ],
  insufficient_scope: ['The token is good, but not for this.', 'RFC 6750 section 3.1'],
}

const STATUSES: Record<number, [what: string, source: string]> = {
  302: ['Found: go there. For a GET it is as good as 303.', 'RFC 9110 section 15.4.3'],
  303: [
    'See Other: go there with GET. A 307 would make the browser post the password on.',
    'RFC 9700 section 4.12',
  ],
  400: ["Bad Request: what was asked can't be right.", 'RFC 9110 section 15.5.1'],
  401: ['Unauthorized: prove first who you are.', 'RFC 9110 section 15.5.2'],
  404: ['Not Found: nothing is at this address.', 'RFC 9110 section 15.5.5'],
  405: ['Method Not Allowed: this address takes other methods.', 'RFC 9110 section 15.5.6'],
  413: ['Content Too Large.', 'RFC 9110 section 15.5.14'],
  502: [
    'Bad Gateway: the server behind the client gave no proper answer.',
    'RFC 9110 section 15.6.3',
  ],
}

const EXPLANATIONS = new Map<string, Explanation>([
  ...Object.entries(SETS).flatMap(([set, rows]) =>
    rows.map((row): [string, Explanation] => [`${set}: ${row[0].toLowerCase()}`, explain(row)]),
  ),
  ...Object.entries(COOKIES).map(([topic, row]): [string, Explanation] => [topic, explain(row)]),
])

/** What explains a field, by its topic; undefined for what the lab does not speak of. */
export function explanationOf(topic: string): Explanation | undefined {
  return EXPLANATIONS.get(topic)
}

/** What an error code means, and where that is said. */
export function explainError(code: string): { what: string; source: Source } | undefined {
  return inWords(Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined)
}

/** What a status means in this flow, where that is not plain. */
export function explainStatus(status: number): { what: string; source: Source } | undefined {
  return inWords(STATUSES[status])
}

function inWords(known: [what: string, source: string] | undefined) {
  return known === undefined ? undefined : { what: known[0], source: sourceOf(known[1]) }
}

function explain([, what, madeBy, checkedBy, source]: Row): Explanation {
  return { what, madeBy, checkedBy, source: source === '' ? undefined : sourceOf(source) }
}

function sourceOf(text: string): Source {
  const [, number, section] = /^RFC (\d+) section ([\d.]+)$/.exec(text) ?? []
  return { text, href: `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}` }
}
