import { jsonIn } from '@oauth-lab/shared/testing/exchange.ts'
import { type Programs, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { type Exchange, recorded, tokenRequests } from '@oauth-lab/shared/testing/recorder.ts'
import { ToldError } from '../told-error.ts'

/** What a version has got, found out by using it: a learner's copy need not be named after one. */
export interface Knowledge {
  state: boolean
  pkce: boolean
  /** Somebody can be logged in at the client, and the token opens their profile. */
  profile: boolean
  refreshTokens: boolean
  /** How long an access token lives unless a setting says otherwise, in seconds. */
  accessTokenTtl: number
  /** How long a code lives unless a setting says otherwise, in seconds. */
  codeTtl: number
}

const known = new WeakMap<Programs['buildServer'], Promise<Knowledge>>()

/** Finds out what the programs of a version have got. Each version is asked once. */
export function knowledgeOf(programs: Programs): Promise<Knowledge> {
  const found = known.get(programs.buildServer) ?? askPrograms(programs)
  known.set(programs.buildServer, found)
  return found
}

/** @throws {ToldError} when not even a plain login works */
async function askPrograms(programs: Programs): Promise<Knowledge> {
  const exchanges: Exchange[] = []
  const lab = await startLab(recorded(programs, exchanges))
  try {
    const browser = lab.browser()
    const { searchParams } = new URL(await lab.beginLogin(browser))
    await lab.login(browser)
    const tokens = tokenRequests(exchanges).find(({ status }) => status === 200)
    if (tokens === undefined) throw new ToldError('A login ends without an access token.')
    const answer = jsonIn(tokens)
    const profile = await browser.open(`${lab.clientUrl}/profile`)
    return {
      state: searchParams.has('state'),
      pkce: searchParams.has('code_challenge'),
      profile: profile.status !== 404,
      refreshTokens: answer.refresh_token !== undefined,
      accessTokenTtl: Number(answer.expires_in),
      codeTtl: lab.config.codeTtl,
    }
  } catch (error) {
    if (error instanceof ToldError) throw error
    throw new ToldError(`A plain login does not work here: ${(error as Error).message}.`)
  } finally {
    await lab.close()
  }
}
