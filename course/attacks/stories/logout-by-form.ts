import { type Attack, blocked, succeeds } from '../attack.ts'

export const logoutByForm: Attack = {
  slug: 'logout-by-form',
  title: 'The victim is logged out by a form that a page of another site sends',
  rule: 'RFC 9700 section 4.7, RFC 6265 section 8.2',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody is ever logged in at this client, so nobody can be logged out.',
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
    stage.begin(
      'A page that the victim visits, on a site of its own, such as attacker.example. A form in it sends itself as soon as the page opens.',
    )
    await victim.logsInAtClient('The victim logs in.')
    await victim.isMadeToSend('POST', `${lab.clientUrl}/logout`, {
      from: 'another site',
      meaning: "The form makes the victim's browser post to the client's logout.",
    })
    const account = await victim.seesProfileOf('The victim opens their profile.')

    if (account === 'victim') {
      return blocked(
        'The attacker has reached nothing: the victim is still logged in. The session cookie is SameSite=Lax, and a browser leaves such a cookie out of what another site makes it post.',
      )
    }
    return succeeds('The victim is logged out, as often as the attacker likes.')
  },
}
