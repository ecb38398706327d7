import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A token issued to show a name also reads the victim's email address",
  rule: 'RFC 6749 section 3.3, RFC 6750 section 3.1, RFC 9700 section 2.3',
  expected: { 1: 'nothing', 4: 'succeeds', 6: 'blocked' },
  needs: { feature: 'profile', otherwise: 'An access token opens nothing in this version.' },
  checks: [
    {
      file: 'server/bearer-auth.ts',
      line: 'if (!issued.scopes.includes(scope)) {',
      without: 'if (false) {',
      until: 12,
    },
    {
      file: 'api/bearer-auth.ts',
      line: 'if (!issued.scopes.includes(scope)) {',
      without: 'if (false) {',
      from: 12,
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "The victim's access token, from a log of the client that records too much. The client only wanted to greet the victim by name.",
    )
    await victim.logsInAtClient('The victim logs in, and the client gets a token.')
    const { access_token } = stage.lastTokens
    const me = await attacker.asksApi(
      '/api/me',
      access_token,
      `The attacker sends the token to the ${stage.resourceServer} to see what it opens.`,
    )
    const { email } =
      me.email === undefined
        ? await attacker.asksApi('/api/email', access_token, 'They ask for the email address, too.')
        : me

    return ending(email !== undefined, {
      succeeds:
        "The attacker has the victim's email address. The client never needed it, but every token of this server opens everything.",
      blocked:
        "The attacker has the victim's name and nothing else. The client asked for profile, so the token doesn't cover email.",
    })
  },
}
