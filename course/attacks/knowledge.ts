import { jsonIn } from '@oauth-lab/shared/testing/exchange.ts'
import { basic, type Lab, type Programs, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { type Exchange, recorded, tokenRequests } from '@oauth-lab/shared/testing/recorder.ts'
import { ToldError } from '../told-error.ts'
import { CLI } from './address-parameters.ts'
import { loadPrograms } from './load-programs.ts'

/** The features of a version, found by using it, because a learner's copy can have any name. */
export type Knowledge = Awaited<ReturnType<typeof tryPrograms>>

/** The programs of a version, and its features. */
export interface KnownPrograms {
  programs: Programs
  knows: Knowledge
}

const known = new Map<string, Promise<KnownPrograms>>()

/**
 * Loads the programs in a folder, and finds the features of that version. Each folder is tried once.
 *
 * @throws {ToldError} if a file doesn't load, or a plain login fails
 */
export function knownPrograms(folder: string): Promise<KnownPrograms> {
  const found = known.get(folder) ?? loadAndTry(folder)
  known.set(folder, found)
  return found
}

async function loadAndTry(folder: string): Promise<KnownPrograms> {
  const programs = await loadPrograms(folder)
  return { programs, knows: await tryPrograms(programs) }
}

async function tryPrograms(programs: Programs) {
  const exchanges: Exchange[] = []
  const lab = await startLab(recorded(programs, exchanges))
  try {
    const browser = lab.browser()
    const { searchParams } = new URL(await lab.beginLogin(browser))
    await lab.login(browser)
    const tokens = tokenRequests(exchanges).find(({ status }) => status === 200)
    if (tokens === undefined) throw new ToldError('A login ends without an access token.')
    const response = jsonIn(tokens)
    const profile = await browser.open(`${lab.clientUrl}/profile`)
    const second = await browser.open(await lab.beginLogin(browser))
    return {
      state: searchParams.has('state'),
      pkce: searchParams.has('code_challenge'),
      // Users log in to the client, and the access token opens their profile.
      profile: profile.status !== 404,
      refreshTokens: response.refresh_token !== undefined,
      // A token covers only the scopes that it was issued for.
      scopes: response.scope !== undefined,
      // The server asks only for what the user hasn't allowed before.
      remembersConsent: second.location !== undefined,
      // The server remembers who logged in, and asks for consent on a separate page.
      serverSession: await browser.hasSession(lab.serverUrl),
      revocation: lab.server.hasRoute({ method: 'POST', url: '/revoke' }),
      accountPage: lab.server.hasRoute({ method: 'GET', url: '/account' }),
      clientCredentials: await hasClientCredentials(lab),
      // An access token is a JWT, which the API checks by itself.
      signedTokens: String(response.access_token).split('.').length === 3,
      introspection: lab.server.hasRoute({ method: 'POST', url: '/introspect' }),
      // A program without a secret can log users in.
      nativeApp: (await lab.browser().open(lab.authorizeUrl(CLI))).status === 200,
      // Both in seconds.
      accessTokenTtl: Number(response.expires_in),
      codeTtl: lab.config.codeTtl,
    }
  } catch (error) {
    if (error instanceof ToldError) throw error
    throw new ToldError(
      `A plain login fails here: ${(error as Error).message}. Fix the login first.`,
    )
  } finally {
    await lab.close()
  }
}

async function hasClientCredentials(lab: Lab): Promise<boolean> {
  const authorization = basic(lab.config.workerId, lab.config.workerSecret)
  const { status } = await lab.token({ grant_type: 'client_credentials' }, { authorization })
  return status === 200
}
