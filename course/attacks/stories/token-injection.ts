import { callbackWith, parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const tokenInjection: Attack = {
  slug: 'token-injection',
  title: 'A stolen access token is handed to the client, to be logged in with it',
  rule: 'RFC 9700 sections 2.1.2 and 4.6',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody is ever logged in at this client, with whatever token.',
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
    stage.begin(
      "The victim's access token, from a log of the server. They want to be the victim at the client, which may know more than the server does.",
    )
    await victim.logsInAtClient('The victim logs in.')
    const access_token = String(stage.lastTokens.access_token)
    const own = await attacker.beginsLogin('The attacker begins a login in their own browser.')
    await attacker.goesTo(
      callbackWith(stage, { access_token, token_type: 'Bearer', state: parameterOf(own, 'state') }),
      "They go to the callback with the victim's token in place of a code, and the state of their own login.",
    )
    await attacker.goesTo(
      `${lab.clientUrl}/profile?access_token=${access_token}`,
      'They try the same at the profile.',
    )
    const account = await attacker.seesProfileOf('They look whether they are somebody now.')

    if (account !== 'victim') {
      return blocked(
        'At the client the attacker is nobody. It takes a code from a browser, and tokens from the server alone. The token itself is as good as ever: see stolen-token.',
      )
    }
    return succeeds("The attacker's browser is logged in as the victim.")
  },
}
