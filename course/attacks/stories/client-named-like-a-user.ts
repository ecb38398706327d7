import { basic } from '@oauth-lab/shared/testing/driver.ts'
import { jsonIn, send } from '@oauth-lab/shared/testing/exchange.ts'
import { freeAddresses } from '../../programs/free-addresses.ts'
import { startPrograms } from '../../programs/run.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'A client is registered under the name of a user',
  rule: 'RFC 9700 section 4.15',
  expected: { 1: 'nothing', 11: 'blocked' },
  needs: {
    feature: 'clientCredentials',
    otherwise: "Every token of this version comes from a user's login.",
  },
  checks: [
    {
      file: 'shared/config.ts',
      line: 'if (isUser(value) || [...OTHER_CLIENTS, ...others].includes(value)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { victim, version } = stage
    stage.attackerHas(
      'A program that needs tokens of its own. Someone else registers it at the server, under a name that the attacker chooses.',
    )
    stage.outside(
      'attacker',
      'server',
      `The attacker chooses ${victim.user}, the victim's user name. The server is to start with WORKER_ID=${victim.user}.`,
    )
    const addresses = await freeAddresses()
    const secret = 'a-secret-of-the-attacker'
    let output = ''
    const programs = startPrograms({
      version,
      addresses,
      settings: { WORKER_ID: victim.user, WORKER_SECRET: secret },
      onOutput: (text) => {
        output ||= text.trim()
      },
    })
    try {
      const isRunning = await programs.ready
      stage.outside(
        'server',
        'attacker',
        isRunning ? 'The server starts.' : `The server does not start. It says: ${output}`,
      )
      const response = isRunning
        ? await send(`${addresses.server}/token`, {
            method: 'POST',
            headers: { authorization: basic(victim.user, secret) },
            body: { grant_type: 'client_credentials' },
          })
        : undefined

      return ending(response !== undefined && jsonIn(response).access_token !== undefined, {
        succeeds:
          stage.resourceServer === 'API'
            ? "The attacker has a token of a client named user0. The API gets only that name, and looks it up among the users. So it takes the token for the victim's. What it opens depends on its scope alone."
            : "The attacker has a token of a client named user0. This server keeps users and clients apart. An API that only gets the name, and looks it up among the users, takes the token for the victim's.",
        blocked:
          'The attacker gets no client. No client can have the name of a user or of another client, so a name on a token never has two meanings.',
      })
    } finally {
      await programs.stop()
    }
  },
}
