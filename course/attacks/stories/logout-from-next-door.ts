import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'A form on the same site logs the victim out',
  rule: 'RFC 9700 section 4.7, RFC 6265 section 8.2',
  expected: { 1: 'nothing', 4: 'succeeds' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody ever logs in to this client, so nobody can be logged out.',
  },
  checks: [],
  remedy:
    'To SameSite=Lax, all ports of localhost are one site, and so are all subdomains of a domain. If someone else runs pages there, the logout form needs its own random value, kept in the session like the state of a login.',

  async play(stage) {
    const { victim, lab } = stage
    stage.attackerHas(
      'A page that the victim visits on another port of localhost. On the internet it would be a page on another subdomain.',
    )
    await victim.logsInAtClient('The victim logs in.')
    await victim.isMadeToSend('POST', `${lab.clientUrl}/logout`, {
      from: 'another port of localhost',
      meaning:
        "A form in the page makes the victim's browser post to the client's logout. To the browser both are the same site, so it sends the cookie.",
    })
    const account = await victim.seesProfileOf('The victim opens their profile.')

    return ending(account !== 'victim', {
      succeeds: 'The victim is logged out. This is only a nuisance: the attacker steals nothing.',
      blocked: 'The victim is still logged in.',
    })
  },
}
