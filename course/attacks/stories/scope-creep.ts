import { withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A client that may see the victim's name gets the email address without asking",
  rule: 'RFC 6749 sections 3.3 and 10.2',
  expected: { 1: 'nothing', 8: 'blocked' },
  needs: {
    feature: 'remembersConsent',
    otherwise: 'This server remembers no yes, so there is none to build on.',
  },
  checks: [
    {
      file: 'server/routes/authorize.ts',
      line: 'const asked = authorizationRequest.scopes.filter((scope) => !allowed.has(scope))',
      without: 'const asked = allowed.size > 0 ? [] : authorizationRequest.scopes',
      until: 14,
    },
    {
      file: 'server/routes/authorize.ts',
      line: 'const asked = authorizationRequest.scopes.filter((scope) => isPublic || !allowed.has(scope))',
      without: 'const asked = allowed.size > 0 ? [] : authorizationRequest.scopes',
      from: 14,
    },
    {
      file: 'server/routes/authorize.ts',
      line: 'return ticked.includes(scope) || allowed.has(scope)',
      without: 'return true',
      until: 14,
    },
    {
      file: 'server/routes/authorize.ts',
      line: 'return ticked.includes(scope) || (allowed.has(scope) && !isPublic)',
      without: 'return true',
      from: 14,
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      'The client itself. This time the client is the attacker. The victim lets it see their name, and it wants the email address.',
    )
    await victim.logsInAtClient('The victim logs in, and allows the client to see their name.')
    const link = withParameters(await victim.startsLogin(), { scope: 'profile email' })
    const page = await victim.opens(link, {
      meaning:
        'At the next login the client asks for email, too. The server remembers the yes, and the client hopes that it covers everything.',
      actor: 'client',
    })
    const { location = link } =
      page.location === undefined
        ? await victim.fillsIn(
            page,
            'The server asks again. The victim unticks the box for email and clicks Allow.',
            { scope: [] },
          )
        : page
    await victim.goesTo(location)
    const { email } = await attacker.asksApi(
      '/api/email',
      stage.lastTokens.access_token,
      `The client sends its new token to the ${stage.resourceServer} and asks for the email address.`,
    )

    return ending(email !== undefined, {
      succeeds: "The client has the victim's email address. The victim never allowed that.",
      blocked:
        'The client gets nothing more. The server remembers which scopes the victim allowed, and asks about every other one. A yes covers only the boxes that are ticked.',
    })
  },
}
