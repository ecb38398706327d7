import { createHash } from 'node:crypto'
import type { Browser, Page } from '@oauth-lab/shared/testing/browser.ts'
import { CODE_CHALLENGE } from '@oauth-lab/shared/testing/lab.ts'
import { expectAnswer, leadsTo, must, queryOf, type Stage, saw } from '../check-stage.ts'
import type { Sentence } from '../sentence.ts'
import { randomValue } from '../stand-in.ts'
import { loginShowsToken } from '../v01/checks.ts'

const VERIFIER = /^[\w.~-]{43,128}$/
/** Each unreserved character of RFC 7636 section 4.1 except letters and digits, in both extreme lengths. */
const UNUSUAL_VERIFIERS = ['.~-_'.padEnd(43, 'a'), '.~-_'.padEnd(128, 'Z9')]
const ANOTHER_VERIFIER = 'another-verifier-than-the-one-of-the-challenge'

/** Later versions must still do this. */
export const stateStill: Sentence = {
  id: 'state-still',
  text: 'The client still rejects a wrong state and accepts the right one',
  file: 'client/routes/callback.ts',
  async probe(stage) {
    const browser = stage.browser()
    const { state } = await stage.begin(browser)
    const wrong = await stage.bring(browser, { code: randomValue(), state: randomValue() })
    expectAnswer(wrong, 400, 'a response with a wrong state')
    const right = await stage.bring(browser, { code: randomValue(), state })
    stage.expectAccepted()
    must(
      stage.standIn.issued.length > 0,
      `the response with the right state gets ${right.status}, and the client sends no token request`,
    )
  },
}

export const sentences: Sentence[] = [
  {
    id: 'challenge',
    text: 'GET /login sends a challenge of 43 characters of base64url',
    file: 'client/routes/login.ts',
    async probe(stage) {
      const challenge = (await stage.begin(stage.browser())).get('code_challenge')
      must(challenge, 'the redirect URL has no code_challenge')
      must(
        !/^[\da-f]{64}$/i.test(challenge),
        'code_challenge has 64 characters, like a SHA-256 in hex; in base64url it has 43',
        'client/pkce.ts',
      )
      must(
        /^[\w-]{43}$/.test(challenge),
        `code_challenge is ${JSON.stringify(challenge)}: base64url has no +, / or =, and a SHA-256 takes 43 characters`,
        'client/pkce.ts',
      )
    },
  },
  {
    id: 'method',
    text: 'GET /login names the method S256',
    file: 'client/routes/login.ts',
    async probe(stage) {
      const method = (await stage.begin(stage.browser())).get('code_challenge_method')
      must(method !== null, 'the redirect URL has no code_challenge_method')
      must(method === 'S256', `code_challenge_method is ${JSON.stringify(method)}`)
    },
  },
  {
    id: 'fresh-challenge',
    text: 'Each login has its own challenge',
    file: 'client/routes/login.ts',
    async probe(stage) {
      const browser = stage.browser()
      const challenges = []
      for (const one of [browser, browser, stage.browser()]) {
        const challenge = (await stage.begin(one)).get('code_challenge')
        must(challenge, 'the redirect URL has no code_challenge')
        challenges.push(challenge)
      }
      must(new Set(challenges).size === challenges.length, 'two logins have the same challenge')
    },
  },
  {
    id: 'verifier-sent',
    text: 'The client sends a verifier of 43 to 128 characters with the code',
    file: 'client/routes/callback.ts',
    async probe(stage) {
      const { verifier } = await loginWithChallenge(stage, stage.browser())
      must(verifier !== null, 'the request at POST /token has no code_verifier')
      must(
        VERIFIER.test(verifier),
        `code_verifier has ${verifier.length} characters, or wrong ones`,
      )
    },
  },
  {
    id: 'verifier-matches',
    text: 'The hash of that verifier is the challenge sent earlier',
    file: 'client/pkce.ts',
    needs: ['verifier-sent'],
    async probe(stage) {
      const { verifier, challenge } = await loginWithChallenge(stage, stage.browser())
      must(challenge !== null, 'there is no challenge to compare with')
      must(
        verifier !== challenge,
        'the client sends the verifier itself as the challenge, so anyone can read it',
        'client/routes/login.ts',
      )
      must(
        sameHash(verifier ?? '', challenge),
        "the challenge isn't the SHA-256 of the verifier that the client sends",
      )
    },
  },
  {
    id: 'verifier-of-browser',
    text: 'Two browsers that log in at the same time each have their own verifier',
    file: 'client/routes/login.ts',
    needs: ['verifier-matches', 'fresh-challenge'],
    async probe(stage) {
      const browser = stage.browser()
      const sent = await stage.begin(browser)
      await stage.begin(stage.browser())
      const { verifier } = await bringCode(stage, browser, sent)
      must(
        sameHash(verifier ?? '', sent.get('code_challenge') ?? ''),
        'the client sends the verifier of a login that another browser started later',
      )
    },
  },
  {
    id: 'verifier-secret',
    text: 'No URL, page or cookie shows the verifier',
    file: 'client/routes/login.ts',
    needs: ['verifier-matches'],
    async probe(stage) {
      const browser = stage.browser()
      const login = await browser.open(`${stage.clientUrl}/login`)
      const sent = queryOf(login)
      const { verifier, page } = await bringCode(stage, browser, sent)
      must(verifier !== null, 'the request at POST /token has no code_verifier')
      const shown = [login, page].map(
        ({ headers, body, location }) => JSON.stringify(headers) + body + location,
      )
      must(!shown[0]?.includes(verifier), 'the response to GET /login shows the verifier')
      must(!shown[1]?.includes(verifier), 'the response to GET /callback shows the verifier')
    },
  },
  { ...stateStill, needs: ['challenge', 'verifier-matches'] },
  {
    id: 'challenge-required',
    text: 'The server rejects a request without a challenge',
    file: 'server/authorization-request.ts',
    async probe(stage) {
      const page = await stage.server.authorize({ code_challenge: undefined })
      expectInvalidRequest(stage, page, 'without code_challenge')
    },
  },
  {
    id: 'method-required',
    text: 'The server rejects a request without a method, or with one other than S256',
    file: 'server/authorization-request.ts',
    async probe(stage) {
      for (const code_challenge_method of ['plain', 's256', undefined]) {
        const page = await stage.server.authorize({ code_challenge_method })
        const what = `with code_challenge_method ${code_challenge_method ?? 'left out'}`
        expectInvalidRequest(stage, page, what)
      }
    },
  },
  {
    id: 'challenge-form',
    text: "The server rejects a challenge that isn't 43 characters of base64url",
    file: 'server/authorization-request.ts',
    async probe(stage) {
      const start = CODE_CHALLENGE.slice(0, -1)
      const malformed = {
        'a code_challenge of 42 characters': start,
        'a code_challenge of 44 characters': `${CODE_CHALLENGE}x`,
        'a code_challenge of 43 characters, one of them a +': `${start}+`,
        'a code_challenge of 43 characters, one of them a =': `${start}=`,
      }
      for (const [what, code_challenge] of Object.entries(malformed)) {
        const page = await stage.server.authorize({ code_challenge })
        expectInvalidRequest(stage, page, `with ${what}`)
      }
    },
  },
  {
    id: 'verifier-required',
    text: 'POST /token rejects a code without a verifier: 400 and invalid_request',
    file: 'server/grants/authorization-code.ts',
    async probe({ server }) {
      const answer = await server.redeem(await server.code(), { code_verifier: undefined })
      expectAnswer(answer, '400 invalid_request', 'a code without a verifier')
    },
  },
  {
    id: 'verifier-form',
    text: "POST /token also rejects a verifier that isn't 43 to 128 unreserved characters",
    file: 'server/grants/authorization-code.ts',
    async probe({ server }) {
      const malformed = {
        'the verifier "short", of 5 characters,': 'short',
        'a verifier of 129 characters': 'x'.repeat(129),
        'a verifier of 44 characters, one of them a +,': `${'x'.repeat(43)}+`,
      }
      for (const [what, code_verifier] of Object.entries(malformed)) {
        const answer = await server.redeem(await server.code(), { code_verifier })
        expectAnswer(answer, '400 invalid_request', what, 'server/pkce.ts')
      }
    },
  },
  {
    id: 'verifier-missing-keeps-code',
    text: "A token request without a verifier doesn't use up the code",
    file: 'server/grants/authorization-code.ts',
    needs: ['verifier-required', 'right-verifier'],
    async probe({ server }) {
      const code = await server.code()
      await server.redeem(code, { code_verifier: undefined })
      const right = await server.redeem(code)
      expectAnswer(right, 200, 'after a token request without a verifier, the right one')
    },
  },
  {
    id: 'right-verifier',
    text: 'A code with the right verifier gets a token',
    file: 'server/pkce.ts',
    async probe({ server }) {
      const answer = await server.redeem(await server.code())
      const what = 'with the challenge and verifier of RFC 7636 appendix B, a code'
      expectAnswer(answer, 200, what)
      for (const code_verifier of UNUSUAL_VERIFIERS) {
        const code_challenge = hashOf(code_verifier)
        const page = await server.logIn({ code_challenge })
        const code = queryOf(page).get('code')
        must(code, `code_challenge ${code_challenge} gets no code: ${saw(page)}`)
        const what = `the verifier ${code_verifier}, of ${code_verifier.length} unreserved characters,`
        expectAnswer(await server.redeem(code, { code_verifier }), 200, what)
      }
    },
  },
  {
    id: 'wrong-verifier',
    text: 'A code with a wrong verifier is rejected: 400 and invalid_grant',
    file: 'server/grants/authorization-code.ts',
    async probe({ server }) {
      for (const code_verifier of [ANOTHER_VERIFIER, CODE_CHALLENGE]) {
        const answer = await server.redeem(await server.code(), { code_verifier })
        const isChallenge = code_verifier === CODE_CHALLENGE
        const what = `with ${isChallenge ? 'the challenge as the' : 'a wrong'} verifier, a code`
        expectAnswer(answer, '400 invalid_grant', what, isChallenge ? 'server/pkce.ts' : undefined)
      }
    },
  },
  {
    id: 'wrong-verifier-uses-code',
    text: 'A token request with a wrong verifier uses up the code',
    file: 'server/grants/authorization-code.ts',
    needs: ['wrong-verifier'],
    async probe({ server }) {
      const code = await server.code()
      const first = await server.redeem(code, { code_verifier: ANOTHER_VERIFIER })
      expectAnswer(first, 400, 'with a wrong verifier, a code')
      const right = await server.redeem(code)
      expectAnswer(right, 400, 'after a token request with a wrong verifier, the right one')
    },
  },
  loginShowsToken,
]

interface Bought {
  page: Page
  verifier: string | null
  challenge: string | null
}

async function loginWithChallenge(stage: Stage, browser: Browser): Promise<Bought> {
  return bringCode(stage, browser, await stage.begin(browser))
}

/** Sends a code to the callback. Returns the verifier of the client's token request. */
async function bringCode(stage: Stage, browser: Browser, sent: URLSearchParams): Promise<Bought> {
  const state = sent.get('state') ?? undefined
  const page = await stage.answer(browser, { code: randomValue(), state })
  const asked = stage.standIn.tokenRequests.at(-1)
  must(asked, `GET /callback returns ${page.status} and sends no request to POST /token`)
  return {
    page,
    verifier: asked.form.get('code_verifier'),
    challenge: sent.get('code_challenge'),
  }
}

/** Compares in base64url or base64: another check decides which of them is right. */
function sameHash(verifier: string, challenge: string): boolean {
  return Buffer.from(challenge, 'base64').toString('base64url') === hashOf(verifier)
}

function hashOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

function expectInvalidRequest(stage: Stage, page: Page, what: string): void {
  must(
    leadsTo(page, stage.redirectUri) && queryOf(page).get('error') === 'invalid_request',
    `for a request ${what}, ${saw(page)}; it should send the browser back with invalid_request`,
  )
}
