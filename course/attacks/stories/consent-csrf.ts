import { formsOn } from '@oauth-lab/shared/testing/forms.ts'
import { parameterOf, requestOfOtherClient } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker's page clicks Allow in the victim's name",
  rule: 'RFC 6749 section 10.12, RFC 9700 section 4.7',
  expected: { 1: 'nothing', 7: 'blocked' },
  needs: {
    feature: 'serverSession',
    otherwise: 'The server asks for the password each time, and no page knows that.',
  },
  checks: [
    {
      file: 'server/routes/authorize.ts',
      line: 'if (login === undefined || !useConsent(login, authorizationRequest, consent)) {',
      without: 'if (login === undefined) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      'Their own client, other-client, registered with this server. Also two pages that the victim visits: one on another site, one on another port of localhost.',
    )
    await victim.logsInAtClient('The victim logs in and stays logged in at the server.')
    await attacker.logsIn('The attacker logs in with their own account.')
    const link = requestOfOtherClient(await attacker.startsLogin())
    const ownPage = await attacker.opens(
      link,
      "They open the consent page for other-client. The form on it has a value, which they copy. They don't send it.",
    )
    const consent = formsOn(ownPage).flatMap(({ values }) => values.consent ?? [])[0] ?? ''
    const url = link.replace('/authorize', '/consent')
    const form = { consent, scope: 'profile', decision: 'allow' }
    const responses = await victim.isMadeToPost(url, form)
    const caught = responses.map(({ location = lab.serverUrl }) => location)
    const callback = caught.find((location) => parameterOf(location, 'code') !== undefined)
    const tokens =
      callback === undefined
        ? undefined
        : await attacker.redeemsAsOtherClient(callback, 'They exchange the code as other-client.')

    return ending(stage.accountOf(tokens?.access_token) === 'victim', {
      succeeds:
        "The attacker's client has a token for the victim's account. The victim never saw the question.",
      blocked:
        "The attacker gets nothing. The value belongs to the attacker's own session. The one that belongs to the victim's session is on a page that no other site can read.",
    })
  },
}
