import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'A break-in at the API opens the accounts of everyone who is logged in',
  rule: 'RFC 9700 section 4.9.2',
  expected: { 1: 'nothing', 4: 'succeeds', 12: 'blocked' },
  needs: { feature: 'profile', otherwise: 'An access token opens nothing in this version.' },
  checks: [
    {
      file: 'api/app.ts',
      line: 'app.register(meRoute, { findAccessToken: (token) => introspect(config, token) })',
      without:
        'const answers = new Map()\n' +
        'const findAccessToken = (token: string) => {\n' +
        'if (!answers.has(token)) answers.set(token, introspect(config, token))\n' +
        'return answers.get(token)\n' +
        '}\n' +
        'app.register(meRoute, { findAccessToken })',
      until: 13,
    },
    {
      file: 'api/app.ts',
      line: 'app.register(meRoute, { findAccessToken: tokenReader(config) })',
      without:
        'const read = tokenReader(config)\n' +
        'const results = new Map()\n' +
        'const findAccessToken = (token: string) => {\n' +
        'if (!results.has(token)) results.set(token, read(token))\n' +
        'return results.get(token)\n' +
        '}\n' +
        'app.register(meRoute, { findAccessToken })',
      from: 13,
    },
  ],

  async play(stage) {
    const { attacker, victim, resourceServer } = stage
    stage.attackerHas(
      'A hole in the code behind /api/me. They can copy the memory of the program that runs this code.',
    )
    await victim.logsInAtClient('The victim logs in, looks at their profile, and goes to lunch.')
    const found = stage.tokensInMemory
    stage.outside(
      resourceServer,
      'attacker',
      found.length === 0
        ? 'A minute later, the attacker copies the memory and searches it. Nothing in it looks like a token.'
        : 'A minute later, the attacker copies the memory and searches it. They try everything in it that looks like a token.',
    )
    const fromMemory = []
    for (const text of found) {
      if ((await attacker.readsProfileWith(text, undefined)) !== 'victim') continue
      fromMemory.push(await attacker.readsProfileWith(text, 'This one works.'))
    }
    if (fromMemory.length === 0) {
      await victim.seesProfileOf('The attacker stays and reads along. The victim comes back.')
      await attacker.readsProfileWith(
        stage.lastTokens.access_token,
        'The attacker uses the token that they just saw.',
      )
    }

    return ending(fromMemory.length > 0, {
      succeeds:
        "The attacker reads the victim's profile, although the victim is away. So they can with everyone else whose token is in this memory. If the program also issues the tokens, that's everyone who is logged in, and the secrets of the clients are in there, too.",
      blocked:
        "The attacker can't use the account of anyone who is away: the API keeps no token, and its own secret gets none. Two things are lost all the same. One is the users' data, because the API has it. The other is each token that is sent to the API while the attacker reads along. It works for them until it ends, but only here, and only for what it covers.",
    })
  },
}
