import { withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A program's own token passes for a user's",
  rule: 'RFC 6749 sections 4.4 and 7, RFC 9700 section 4.15',
  expected: { 1: 'nothing', 11: 'blocked' },
  needs: {
    feature: 'clientCredentials',
    otherwise: "Every token of this version comes from a user's login.",
  },
  checks: [
    {
      file: 'server/bearer-auth.ts',
      line: 'if (!issued.scopes.includes(scope)) {',
      without: 'if (false) {',
      also: [
        {
          file: 'server/routes/me.ts',
          line: "if (user === undefined) throw new OAuthError('invalid_token', 'The access token is for no user')",
          without:
            "if (user === undefined) return { user_id: 'worker-client', username: 'worker-client', email: '' }",
        },
      ],
      until: 12,
    },
    {
      file: 'api/bearer-auth.ts',
      line: 'if (!issued.scopes.includes(scope)) {',
      without: 'if (false) {',
      also: [
        {
          file: 'api/routes/me.ts',
          line: "if (user === undefined) throw new OAuthError('invalid_token', 'The access token is for no user')",
          without:
            "if (user === undefined) return { user_id: 'worker-client', username: 'worker-client', email: '' }",
        },
      ],
      from: 12,
    },
  ],

  async play(stage) {
    const { attacker, lab } = stage
    const id = lab.config.workerId
    stage.attackerHas(
      'The id and secret of worker-client, a program that counts users at night. No user ever logs in to it.',
    )
    const { access_token } = await attacker.posts(
      '/token',
      { grant_type: 'client_credentials' },
      { id },
      'The attacker asks for a token of its own, without a user.',
    )
    const responses = [
      await attacker.asksApi(
        '/api/me',
        access_token,
        `They send it to the ${stage.resourceServer} and ask whose token it is.`,
      ),
      await attacker.asksApi('/api/email', access_token, 'They ask for the email address.'),
    ]
    await attacker.posts(
      '/token',
      { grant_type: 'client_credentials', scope: 'profile email' },
      { id },
      'They ask for a token that covers what users have.',
    )
    await attacker.opens(withParameters(await attacker.startsLogin(), { client_id: id }), {
      meaning: 'They send a user to the server with an authorization request of worker-client.',
      show: ['client_id', 'redirect_uri'],
    })

    return ending(
      responses.some(({ user_id, email }) => user_id !== undefined || email !== undefined),
      {
        succeeds: `The ${stage.resourceServer} says that a program is a user. An app that logs people in with such a token has logged in somebody who does not exist.`,
        blocked:
          "The attacker can count the users, and nothing else. The token covers what worker-client is registered for, which is nothing of a user's. And a token that stands for no user opens no user's data, whatever it covers.",
      },
    )
  },
}
