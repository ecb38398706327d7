/** The purpose of one part of a message. */
export interface Explanation {
  what: string
  madeBy: string
  checkedBy: string
  /** The section that specifies it. */
  source: Source | undefined
}

/** A section of a specification. */
export interface Source {
  text: string
  href: string
}

type Row = [name: string, what: string, madeBy: string, checkedBy: string, source: string]

/** A client's credentials in the body of any token request. */
const CLIENT_IN_BODY: Row[] = [
  [
    'client_id',
    'Which client is asking, in the body.',
    'The server, when the client was registered.',
    'The server. It must match the one in the header, if there is one.',
    'RFC 6749 section 2.3.1',
  ],
  [
    'client_secret',
    'The password of the client, in the body instead of the header.',
    'The server, when the client was registered.',
    'The server. It rejects a secret in both the header and the body.',
    'RFC 6749 section 2.3.1',
  ],
]

/**
 * Grouped by set, because one word means different things in different messages: the client makes the
 * `state` of a request and compares that of a response.
 */
const SETS: Record<string, Row[]> = {
  'authorization request': [
    [
      'response_type',
      'What the client wants back. This server supports only `code`: an authorization code.',
      'The client. It never changes.',
      'The server. It rejects anything else with unsupported_response_type.',
      'RFC 6749 section 3.1.1',
    ],
    [
      'client_id',
      'Which client is asking. It is a name, not a secret: anyone can read it here.',
      'The server, when the client was registered.',
      'The server. For an unknown one it shows an error page and never redirects.',
      'RFC 6749 section 2.2',
    ],
    [
      'redirect_uri',
      'Where the server sends the browser with the authorization response.',
      'The client. It was registered in advance.',
      'The server. It must match the registered one character by character: a looser rule lets codes leak to strangers.',
      'RFC 9700 section 2.1',
    ],
    [
      'state',
      'It lets the client recognize the response to the login this browser started.',
      "The client, at random for each login. It keeps it in the browser's session.",
      'Only the client, when it comes back. The server returns it unchanged.',
      'RFC 6749 section 10.12',
    ],
    [
      'code_challenge',
      'The SHA-256 hash of a secret that the client keeps, the code verifier. Anyone may see it: nobody can compute the verifier from it.',
      'The client, from a new verifier for each login.',
      'The server checks its format now and stores it with the code. At the token request it compares it with the verifier.',
      'RFC 7636 section 4.3',
    ],
    [
      'code_challenge_method',
      'How the challenge was made. Without it the default is `plain`: the challenge is the verifier itself.',
      'The client. It never changes.',
      'The server. It accepts only S256.',
      'RFC 7636 section 4.3',
    ],
  ],
  'login form': [
    [
      'username',
      "Who the user claims to be. How a server finds that out isn't part of OAuth.",
      'The user types it.',
      'The server. The client never sees it.',
      'RFC 6749 section 3.1',
    ],
    [
      'password',
      'How the user proves it. The client never sees the password: that is the point of the whole flow.',
      'The user types it, into a page of the server.',
      'Only the server.',
      'RFC 6749 section 3.1',
    ],
  ],
  'authorization response': [
    [
      'code',
      "The authorization code. It works once, for a minute or so, and only for this client. Because it travels through the browser, it isn't a token yet.",
      'The server, at random, once the user has logged in.',
      'The server, when the client sends it to the token endpoint.',
      'RFC 6749 section 4.1.2',
    ],
    [
      'state',
      "The state from the request, unchanged. A response with a different one belongs to a login that this browser didn't start.",
      'The client made it; the server returns it unchanged.',
      'The client compares it with the one in the session before it reads anything else.',
      'RFC 6749 section 4.1.2',
    ],
  ],
  'authorization error': [
    [
      'error',
      'Why there is no code: one of a few fixed error codes.',
      'The server.',
      'The client shows it and sends no token request.',
      'RFC 6749 section 4.1.2.1',
    ],
    [
      'error_description',
      'An explanation for developers.',
      'The server.',
      'Nobody. The client shows it as plain text, because anyone can put anything in a URL.',
      'RFC 6749 section 4.1.2.1',
    ],
    [
      'state',
      'The state from the request, unchanged. An error is a response too and needs the same proof.',
      'The client made it; the server returns it unchanged.',
      'The client compares it with the one in the session.',
      'RFC 6749 section 4.1.2.1',
    ],
  ],
  'client authentication': [
    [
      'Basic',
      "The client's ID and secret, form-encoded, joined by a colon, in base64. Base64 is an encoding: it hides nothing.",
      'The client.',
      'The server, before it looks at the code.',
      'RFC 6749 section 2.3.1',
    ],
    [
      'client_id',
      'Which client is asking.',
      'The server, when the client was registered.',
      'The server. The code or refresh token must belong to this client.',
      'RFC 6749 section 2.3.1',
    ],
    [
      'client_secret',
      'The password of the client. It never goes through a browser.',
      'The server, when the client was registered.',
      "The server, in constant time, so the timing doesn't show how much of it was right.",
      'RFC 6749 section 2.3.1',
    ],
  ],
  'token request': [
    [
      'grant_type',
      'What the client exchanges for a token. `authorization_code`: the code from a login.',
      'The client.',
      'The server. It rejects an unknown one with unsupported_grant_type.',
      'RFC 6749 section 4.1.3',
    ],
    [
      'code',
      'The code that the browser delivered. This request uses it up.',
      'The server, after the user logged in.',
      'The server: is it known, unused, not expired, and issued to this client?',
      'RFC 6749 section 4.1.3',
    ],
    [
      'redirect_uri',
      'Where the code was sent, repeated. Nothing is redirected now.',
      'The client.',
      'The server compares it with the one in the authorization request.',
      'RFC 6749 section 4.1.3',
    ],
    [
      'code_verifier',
      'The secret behind the challenge. Only the client that started the login has it, so a stolen code alone is useless.',
      "The client, at random for each login. It kept it in the browser's session.",
      'The server: its SHA-256 hash must equal the challenge in the authorization request.',
      'RFC 7636 section 4.6',
    ],
    ...CLIENT_IN_BODY,
  ],
  'refresh request': [
    [
      'grant_type',
      'What the client exchanges for a token. `refresh_token`: a token that gets new tokens.',
      'The client.',
      'The server. It rejects an unknown one with unsupported_grant_type.',
      'RFC 6749 section 6',
    ],
    [
      'refresh_token',
      'The token that the client exchanges. It works once. A second use revokes every token of its login: two parties have it, and one of them is a thief.',
      'The server, together with the previous access token.',
      'The server: is it known, unused, not expired, and issued to this client?',
      'RFC 9700 section 4.14.2',
    ],
    ...CLIENT_IN_BODY,
  ],
  'token response': [
    [
      'access_token',
      "The key to the resource. The client doesn't look inside it.",
      'The server, at random. It remembers what the token stands for.',
      'The resource server, on every request.',
      'RFC 6749 section 5.1',
    ],
    [
      'token_type',
      'How to use the token. `Bearer`: anyone who has it can use it.',
      'The server.',
      'The client. It must not use a token of an unknown type.',
      'RFC 6749 section 7.1',
    ],
    [
      'expires_in',
      'How many seconds the access token is valid.',
      'The server.',
      'The server enforces it. The client can refresh its token before then.',
      'RFC 6749 section 5.1',
    ],
    [
      'refresh_token',
      'Gets the next access token without the user. Each use returns a new refresh token: rotation.',
      'The server, at random.',
      'The server, when the client sends it to the token endpoint. It goes nowhere else.',
      'RFC 6749 section 1.5',
    ],
  ],
  'token error': [
    [
      'error',
      'Why there is no token: one of a few fixed error codes.',
      'The server.',
      'The client. It continues without a token.',
      'RFC 6749 section 5.2',
    ],
    [
      'error_description',
      'An explanation for developers.',
      'The server.',
      'Nobody: it is for people.',
      'RFC 6749 section 5.2',
    ],
  ],
  'resource request': [
    [
      'Bearer',
      'The access token. Anyone who has it can use it, so it goes in a header: URLs end up in logs.',
      'The server, at the token endpoint.',
      'The resource server: is it known, and not expired?',
      'RFC 6750 section 2.1',
    ],
  ],
  'resource response': [
    [
      'user_id',
      "The user the token stands for. OAuth doesn't say what a resource contains.",
      'The resource server.',
      'The client checks that it is there.',
      '',
    ],
    [
      'username',
      'The name to show.',
      'The resource server.',
      'The client checks that it is there.',
      '',
    ],
    [
      'email',
      "The user's email address.",
      'The resource server.',
      'The client checks that it is there.',
      '',
    ],
  ],
  'resource error': [
    [
      'error',
      'Why the token was rejected, as in the WWW-Authenticate header.',
      'The resource server.',
      'The client. It reads the status, 401: it needs another token.',
      'RFC 6750 section 3.1',
    ],
    [
      'error_description',
      'An explanation for developers.',
      'The resource server.',
      'Nobody: it is for people.',
      'RFC 6750 section 3',
    ],
    [
      'message',
      'What to do, when the request had no token. Then there is no `error`.',
      'The resource server.',
      'Nobody: it is for people.',
      'RFC 6750 section 3.1',
    ],
  ],
  challenge: [
    [
      'Basic',
      "How to authenticate here: with a client's ID and secret.",
      'The server, with each 401 from its token endpoint.',
      'The client.',
      'RFC 6749 section 5.2',
    ],
    [
      'Bearer',
      'How to authenticate here: with an access token.',
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
      'Why the token was rejected. A request without a token gets no error code: it made no mistake.',
      'The resource server.',
      'The client. It needs another token.',
      'RFC 6750 section 3.1',
    ],
    [
      'error_description',
      'An explanation for developers.',
      'The resource server.',
      'Nobody: it is for people.',
      'RFC 6750 section 3',
    ],
  ],
  'cookie attribute': [
    [
      'HttpOnly',
      "Scripts on a page can't read the cookie.",
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.6',
    ],
    [
      'SameSite',
      'Lax: a request from another site carries the cookie only when it opens a page with GET, as the redirect back from the server does. (Defined in the draft that will replace RFC 6265.)',
      'The client.',
      'The browser.',
      '',
    ],
    [
      'Path',
      'The browser sends the cookie only below this path.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.4',
    ],
    [
      'Secure',
      'The browser sends it only over https. Not set on http://localhost.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.5',
    ],
    [
      'Expires',
      'When the browser deletes it.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.1',
    ],
    [
      'Max-Age',
      'After how many seconds the browser deletes it.',
      'The client.',
      'The browser.',
      'RFC 6265 section 4.1.2.2',
    ],
  ],
  header: [
    [
      'Location',
      'Where the browser goes next. Its query is a message from one program to the other; the browser delivers it.',
      'The program that responds.',
      'The browser follows it without asking.',
      'RFC 6749 section 1.7',
    ],
    [
      'Cache-Control',
      'Nothing may store this response. OAuth requires that for tokens, and it is right for a page with a code too.',
      'The program that responds.',
      'Browsers and caches along the way.',
      'RFC 6749 section 5.1',
    ],
    [
      'Pragma',
      'The same, for old caches.',
      'The program that responds.',
      'Caches along the way.',
      'RFC 6749 section 5.1',
    ],
    [
      'Referrer-Policy',
      "The next site doesn't learn which page the browser came from: its URL may contain a code.",
      'The program that responds.',
      'The browser.',
      'RFC 9700 section 4.2',
    ],
    [
      'Content-Security-Policy',
      'What a page may load, where its forms may go, and that no other site may frame it.',
      'The program that responds.',
      'The browser.',
      'RFC 9700 section 4.16',
    ],
    [
      'X-Frame-Options',
      "No other site may frame the page. For browsers that don't support the policy above.",
      'The program that responds.',
      'The browser.',
      'RFC 9700 section 4.16',
    ],
    [
      'Origin',
      'Which site sent the form. `null` when the page hides that.',
      'The browser.',
      'Nobody here.',
      'RFC 6454 section 7',
    ],
    [
      'Content-Type',
      'The format of the body. A token request is a form, its response is JSON.',
      'The sender.',
      'The receiver. The token endpoint accepts only forms.',
      'RFC 6749 section 4.1.3',
    ],
    [
      'Allow',
      'Which methods this address accepts.',
      'The program that responds.',
      'Nobody: it is a hint for the sender.',
      'RFC 9110 section 10.2.1',
    ],
    [
      'Authorization',
      "Who is asking, in a scheme that this page can't read.",
      'The sender.',
      'The receiver.',
      'RFC 9110 section 11.6.2',
    ],
    [
      'X-OAuth-Lab',
      'Which version and program responds. Only this lab sends it.',
      'The program that responds.',
      'Nobody.',
      '',
    ],
  ],
}

const COOKIES: Record<string, Row> = {
  'session cookie': [
    '',
    'It lets the client recognize the browser. Cookies ignore ports, so the browser sends it to the server too, which ignores it.',
    'The client, at random, with a signature behind the dot.',
    'The client: the signature, and whether that session exists.',
    'RFC 6265 section 4.2',
  ],
  'new session cookie': [
    '',
    'It lets the client recognize the browser. The data stays in the client; the cookie is the key to it.',
    'The client, at random, with a signature behind the dot.',
    'The browser stores it and sends it from now on.',
    'RFC 6265 section 4.1',
  ],
  'ended cookie': [
    '',
    'It tells the browser to delete its cookie: the session is over. The expiry date is in the past.',
    'The client.',
    'The browser.',
    'RFC 6265 section 3.1',
  ],
  'other cookie': [
    '',
    'A cookie from another program on this machine, or one that a copy named differently. Cookies ignore ports.',
    'Whoever set it.',
    'Whoever set it.',
    'RFC 6265 section 8.5',
  ],
  'new other cookie': [
    '',
    'A cookie with another name. It lets the program recognize the browser.',
    'The program that responds.',
    'The browser stores it and sends it from now on.',
    'RFC 6265 section 4.1',
  ],
}

/** The codes of RFC 6749 sections 4.1.2.1 and 5.2, and of RFC 6750 section 3.1. */
const ERRORS: Record<string, [what: string, source: string]> = {
  invalid_request: ['Something is missing, malformed, or repeated.', 'RFC 6749 section 5.2'],
  unauthorized_client: ["This client isn't allowed to do that.", 'RFC 6749 section 5.2'],
  access_denied: ['The user, or the server, said no.', 'RFC 6749 section 4.1.2.1'],
  unsupported_response_type: [
    "The server doesn't support that response type.",
    'RFC 6749 section 4.1.2.1',
  ],
  invalid_scope: ['The requested scope is unknown or malformed.', 'RFC 6749 section 5.2'],
  server_error: ['The server failed.', 'RFC 6749 section 4.1.2.1'],
  temporarily_unavailable: ['Not now. Try again later.', 'RFC 6749 section 4.1.2.1'],
  invalid_client: ['The client is unknown, or failed to authenticate.', 'RFC 6749 section 5.2'],
  invalid_grant: [
    "The code or refresh token is unknown, used, expired, or issued to another client; or its redirect URI or verifier doesn't match.",
    'RFC 6749 section 5.2',
  ],
  unsupported_grant_type: ["The server doesn't support that grant type.", 'RFC 6749 section 5.2'],
  invalid_token: [
    'The access token is missing, malformed, unknown or expired.',
    'RFC 6750 section 3.1',
  ],
  insufficient_scope: ['The token is valid, but not for this.', 'RFC 6750 section 3.1'],
}

const STATUSES: Record<number, [what: string, source: string]> = {
  302: ['Found: go there. After a GET it works the same as 303.', 'RFC 9110 section 15.4.3'],
  303: [
    'See Other: go there with GET. A 307 would make the browser post the password on.',
    'RFC 9700 section 4.12',
  ],
  400: ['Bad Request: something in the request is wrong.', 'RFC 9110 section 15.5.1'],
  401: ['Unauthorized: authenticate first.', 'RFC 9110 section 15.5.2'],
  404: ['Not Found: there is nothing at this address.', 'RFC 9110 section 15.5.5'],
  405: ['Method Not Allowed: this address accepts other methods.', 'RFC 9110 section 15.5.6'],
  413: ['Content Too Large.', 'RFC 9110 section 15.5.14'],
  502: [
    'Bad Gateway: the server behind the client sent no usable response.',
    'RFC 9110 section 15.6.3',
  ],
}

const EXPLANATIONS = new Map<string, Explanation>([
  ...Object.entries(SETS).flatMap(([set, rows]) =>
    rows.map((row): [string, Explanation] => [`${set}: ${row[0].toLowerCase()}`, explain(row)]),
  ),
  ...Object.entries(COOKIES).map(([topic, row]): [string, Explanation] => [topic, explain(row)]),
])

/** The explanation of a field, by its topic, or undefined for fields outside the lab. */
export function explanationOf(topic: string): Explanation | undefined {
  return EXPLANATIONS.get(topic)
}

/** The meaning of an error code, and its source. */
export function explainError(code: string): { what: string; source: Source } | undefined {
  return inWords(Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined)
}

/** The meaning of a status in this flow, if it isn't obvious. */
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
