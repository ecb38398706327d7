import { randomToken } from '@oauth-lab/shared/secrets.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'Another client asks the server which texts are tokens that work',
  rule: 'RFC 7662 sections 2.1, 2.2 and 4',
  expected: { 1: 'nothing', 12: 'blocked' },
  needs: {
    feature: 'introspection',
    otherwise: 'The server of this version tells nobody what a token stands for.',
  },
  checks: [
    {
      file: 'server/routes/introspect.ts',
      line: 'if (issued === undefined || client.client_id !== config.apiId) return { active: false }',
      without: 'if (issued === undefined) return { active: false }',
    },
    {
      file: 'server/client-auth.ts',
      line: 'if (client === undefined || !right) {',
      without: 'if (client === undefined) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "Texts from old logs and backups. Two of them are the victim's tokens, but the attacker doesn't know which ones. Also their own client, other-client, registered with this server.",
    )
    await victim.logsInAtClient('The victim logs in.')
    const { access_token, refresh_token } = stage.lastTokens
    const asOther = (token: unknown, meaning: string) =>
      attacker.posts('/introspect', { token: String(token) }, { id: 'other-client' }, meaning)
    const responses = [
      await asOther(randomToken(), 'The attacker asks as other-client. This text is no token.'),
      await asOther(refresh_token, "This one is the victim's refresh token."),
      await asOther(access_token, "And this one is the victim's access token. It works."),
      await attacker.posts(
        '/introspect',
        { token: String(access_token), client_id: lab.config.apiId },
        undefined,
        { meaning: 'They send the id of the API, but no secret.', show: ['client_id'] },
      ),
    ]
    await victim.seesProfileOf('The victim opens their profile.')

    return ending(
      responses.some(({ active }) => active === true),
      {
        succeeds:
          'The attacker knows which text is a token that works, whose it is and what it covers. They keep that one and throw the others away.',
        blocked:
          'The attacker has learned nothing. The server gives other clients the same response for a token that works and for a text that never was one. Only the API learns more, and it has to prove that it is the API.',
      },
    )
  },
}
