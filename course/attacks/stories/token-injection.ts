import { callbackWith, parameterOf } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker gives the client a stolen access token to log in with',
  rule: 'RFC 9700 sections 2.1.2 and 4.6',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody ever logs in to this client, with any token.',
  },
  checks: [
    {
      file: 'client/routes/callback.ts',
      line: "const code = parameter(request.query, 'code')",
      without:
        "const given = parameter(request.query, 'access_token')\n" +
        'if (given) {\n' +
        "request.session.tokens = { access_token: given, token_type: 'Bearer' }\n" +
        "return reply.redirect('/profile', 303)\n" +
        '}\n' +
        "const code = parameter(request.query, 'code')",
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      `The victim's access token, from a log of the ${stage.resourceServer}. They want to be logged in as the victim at the client, which may hold more data than the ${stage.resourceServer}.`,
    )
    await victim.logsInAtClient('The victim logs in.')
    const access_token = String(stage.lastTokens.access_token)
    const own = await attacker.startsLogin('The attacker starts a login in their own browser.')
    await attacker.goesTo(
      callbackWith(stage, { access_token, token_type: 'Bearer', state: parameterOf(own, 'state') }),
      "They go to the callback with the victim's token instead of a code, and the state of their own login.",
    )
    await attacker.goesTo(
      `${lab.clientUrl}/profile?access_token=${access_token}`,
      'They try the same on the profile page.',
    )
    const account = await attacker.seesProfileOf('They check whether they are logged in now.')

    return ending(account === 'victim', {
      succeeds: "The attacker's browser is logged in as the victim.",
      blocked:
        "The attacker isn't logged in at the client. It accepts a code from a browser, but tokens only from the server. The token itself still works: see stolen-token.",
    })
  },
}
