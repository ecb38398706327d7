import { type AttackFile, ending } from '../attack.ts'
import { bodyAfterRedirect } from '../browser-rules.ts'

export const attack: AttackFile = {
  title: "The server's redirect makes the browser post the password to the client",
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
    const { victim, lab } = stage
    stage.attackerHas(
      'The client itself. This time the client is the attacker. It wants the password, which the victim types only on the server.',
    )
    const loginPage = await victim.startsLogin('The victim starts a login.')
    const form = { username: victim.user, password: 'password0' }
    const response = await victim.typesPassword(
      loginPage,
      'The victim types the password on the server. The server responds with a redirect.',
    )
    const { location = lab.clientUrl } = response
    const body = bodyAfterRedirect(response, form)
    const page = await victim.goesOn(location, body === undefined ? {} : { form: body }, {
      meaning:
        body === undefined
          ? 'After a 303 the browser sends a GET to the new address, without the form.'
          : 'After this redirect the browser sends the form again, to the new address.',
      show: ['password'],
    })

    if (stage.knows.serverSession) {
      const allowed = await victim.fillsIn(page, 'The victim allows what the client asks for.')
      await victim.goesTo(allowed.location ?? page.url)
    }

    return ending(body?.password !== undefined && location.startsWith(lab.clientUrl), {
      succeeds: "The client has the victim's user name and password.",
      blocked: 'The client gets the code, as it should, but not the password.',
    })
  },
}
