import { type Lab, startLab } from '@oauth-lab/shared/testing/lab.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildClient } from '../client/app.ts'
import { buildServer } from '../server/app.ts'

// What this version still lets happen. Each part says which version ends it, and is gone from there on.

let lab: Lab

beforeAll(async () => {
  lab = await startLab({ buildServer, buildClient })
})
afterAll(() => lab.close())

describe('until v05, refresh tokens:', () => {
  test('an access token lives for an hour, and so does a stolen one', async () => {
    expect((await lab.redeem(await lab.code())).body.expires_in).toBe(3600)
  })

  test('there is nothing to renew an access token with: the user has to log in again', async () => {
    expect((await lab.redeem(await lab.code())).body).not.toHaveProperty('refresh_token')
    const answer = await lab.token({ grant_type: 'refresh_token', refresh_token: 'x' })
    expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
  })
})
