import { formsOn } from '@oauth-lab/shared/testing/forms.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker's page disconnects the victim's apps",
  rule: 'RFC 6749 section 10.12, RFC 9700 section 4.7',
  expected: { 1: 'nothing', 10: 'blocked' },
  needs: {
    feature: 'accountPage',
    otherwise: 'Users can disconnect no client in this version.',
  },
  checks: [
    {
      file: 'server/routes/account.ts',
      line: '!sameSecret(csrf, login.csrf) ||',
      without: '',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      'Their own account, user1. Also two pages that the victim visits: one on another site, one on another port of localhost.',
    )
    await victim.logsInAtClient('The victim logs in, and stays logged in at the server.')
    await attacker.logsInAtClient('The attacker logs in with their own account.')
    const url = `${lab.serverUrl}/account`
    const ownPage = await attacker.opens(
      url,
      'They open their own account page. Each form on it has a value, which they copy.',
    )
    const form = {
      csrf: formsOn(ownPage).flatMap(({ values }) => values.csrf ?? [])[0] ?? '',
      client_id: lab.config.clientId,
    }
    await victim.isMadeToPost(`${url}/disconnect`, form)
    const account = await victim.seesProfileOf('The victim opens their profile.')

    return ending(account !== 'victim', {
      succeeds:
        'The client has lost its access, and the server has forgotten what the victim allowed. The attacker can do it again after every login.',
      blocked:
        "The attacker gets nothing: the client still has its access. The value belongs to the attacker's own session. The one that belongs to the victim's session is on a page that no other site can read.",
    })
  },
}
