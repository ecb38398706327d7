import { type Attack, blocked, succeeds } from '../attack.ts'
import { bodyAfterRedirect } from '../browser-rules.ts'

export const redirect307: Attack = {
  slug: 'redirect-307',
  title: "The server's redirect makes the browser post the password on to the client",
  rule: 'RFC 9700 section 4.12',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/authorization-response.ts',
      line: 'return reply.redirect(url.href, 303)',
      without: 'return reply.redirect(url.href, 307)',
    },
  ],

  async play(stage) {
    const { victim } = stage
    stage.begin(
      'The client itself. This time it is the client that would like to know the password, which the victim types at the server alone.',
    )
    const loginPage = await victim.beginsLogin('The victim begins a login.')
    const form = { username: victim.user, password: 'password0' }
    const answer = await victim.triesToLogIn(
      loginPage,
      'The victim types the password at the server. It answers with a redirect to the client.',
    )
    const body = bodyAfterRedirect(answer, form)
    await victim.goesOn(
      answer.location ?? stage.lab.clientUrl,
      body === undefined ? {} : { form: body },
      {
        meaning:
          body === undefined
            ? 'After a 303 a browser asks for the new address with GET, and leaves the form behind.'
            : 'After this redirect a browser sends the form once more, to the new address.',
        show: ['password'],
      },
    )

    if (body?.password === undefined) {
      return blocked('The client has the code, as it should, and nothing of the password.')
    }
    return succeeds("The client has the victim's user name and password.")
  },
}
