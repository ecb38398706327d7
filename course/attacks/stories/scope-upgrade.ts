import { parameterOf, requestOfOtherClient } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker asks for a scope that nobody gave them',
  rule: 'RFC 6749 sections 3.3 and 6',
  expected: { 1: 'nothing', 6: 'blocked' },
  needs: {
    feature: 'scopes',
    otherwise: 'Every token of this version opens everything, so there is nothing more to ask for.',
  },
  checks: [
    {
      file: 'server/grants/refresh-token.ts',
      line: 'const scopes = scope ? readScopes(scope, family.grant.scopes) : family.grant.scopes',
      without: "const scopes = scope ? scope.split(' ') : family.grant.scopes",
    },
    {
      file: 'server/authorization-request.ts',
      line: 'scopes: readScopes(scope, client.scopes),',
      without: "scopes: scope.split(' '),",
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "The victim's refresh token and the client's secret, from a copy of the client's memory. Also their own client, other-client, registered with this server for the scope profile.",
    )
    await victim.logsInAtClient('The victim logs in. The client asks for the scope profile alone.')
    const tokens = [
      await attacker.posts(
        '/token',
        {
          grant_type: 'refresh_token',
          refresh_token: String(stage.lastTokens.refresh_token),
          scope: 'profile email',
        },
        { id: lab.config.clientId },
        'The attacker refreshes and asks for email, too.',
      ),
    ]

    const link = requestOfOtherClient(await attacker.startsLogin(), 'profile email')
    const { location = link } = await victim.triesToLogIn(link, {
      meaning: 'They send the victim to the server for other-client, and ask for both scopes.',
      actor: 'attacker',
      show: ['client_id'],
    })
    if (parameterOf(location, 'code') !== undefined) {
      const telling = 'They exchange the code as other-client.'
      tokens.push(await attacker.redeemsAsOtherClient(location, telling))
    }
    const good = tokens.find(({ access_token }) => access_token !== undefined)
    const telling = `They ask the ${stage.resourceServer} for the email address.`
    const got = good && (await attacker.asksApi('/api/email', good.access_token, telling))

    return ending(got?.email !== undefined, {
      succeeds:
        "The attacker has the victim's email address. That is more than the user allowed, or more than the client is registered for.",
      blocked:
        'The attacker gets nothing more. A refresh covers at most what the user allowed, and a client gets at most what it is registered for.',
    })
  },
}
