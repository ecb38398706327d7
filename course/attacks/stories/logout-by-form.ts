import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'A form on another site logs the victim out',
  rule: 'RFC 9700 section 4.7, RFC 6265 section 8.2',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody ever logs in to this client, so nobody can be logged out.',
  },
  checks: [
    {
      file: 'shared/session.ts',
      line: "const cookieOptions = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const",
      without: "const cookieOptions = { httpOnly: true, secure, path: '/' } as const",
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.attackerHas(
      'A page that the victim visits on another site, such as attacker.example. It submits a form as soon as it opens.',
    )
    await victim.logsInAtClient('The victim logs in.')
    await victim.isMadeToSend('POST', `${lab.clientUrl}/logout`, {
      from: 'another site',
      meaning: "The form makes the victim's browser post to the client's logout.",
    })
    const account = await victim.seesProfileOf('The victim opens their profile.')

    return ending(account !== 'victim', {
      succeeds: 'The victim is logged out, as often as the attacker likes.',
      blocked:
        "The attacker gets nothing: the victim is still logged in. The session cookie is SameSite=Lax, so the browser doesn't send it with a form from another site.",
    })
  },
}
