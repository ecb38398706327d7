import { type Attack, blocked, succeeds } from '../attack.ts'

export const logoutFromNextDoor: Attack = {
  slug: 'logout-from-next-door',
  title: 'The victim is logged out by a form that a page on the same site sends',
  rule: 'RFC 9700 section 4.7, RFC 6265 section 8.2',
  expected: { 1: 'nothing', 4: 'succeeds' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody is ever logged in at this client, so nobody can be logged out.',
  },
  checks: [],
  remedy:
    'For SameSite=Lax all ports of localhost are one site, and so are all names below one domain. Where somebody else may run pages there, the form needs a random value of its own, kept in the session, as the state of a login is.',

  async play(stage) {
    const { victim, lab } = stage
    stage.begin(
      'A page that the victim visits, on another port of localhost. On the internet it would be a page on another name of the same domain.',
    )
    await victim.logsInAtClient('The victim logs in.')
    await victim.isMadeToSend('POST', `${lab.clientUrl}/logout`, {
      from: 'another port of localhost',
      meaning:
        "A form in the page makes the victim's browser post to the client's logout. To the browser both are one site, so the cookie goes along.",
    })
    const account = await victim.seesProfileOf('The victim opens their profile.')

    if (account === 'victim') return blocked('The victim is still logged in.')
    return succeeds('The victim is logged out. It is a nuisance and no more: nothing is stolen.')
  },
}
