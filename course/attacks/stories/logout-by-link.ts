import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'A link or a fake image logs the victim out',
  rule: 'RFC 9110 section 9.2.1',
  expected: { 1: 'nothing', 4: 'blocked' },
  needs: {
    feature: 'profile',
    otherwise: 'Nobody ever logs in to this client, so nobody can be logged out.',
  },
  checks: [
    {
      file: 'client/routes/logout.ts',
      line: "app.post('/logout', async (request, reply) => {",
      without: "app.get('/logout', async (request, reply) => {",
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.attackerHas('A page that the victim visits, or a message that the victim reads.')
    await victim.logsInAtClient('The victim logs in.')
    const logout = `${lab.clientUrl}/logout`
    await victim.isMadeToSend('GET', logout, {
      from: 'another port of localhost',
      meaning: "The attacker's page has an image with this address.",
    })
    await victim.isMadeToSend('GET', logout, {
      from: 'a link on another site',
      meaning: 'The victim clicks a link to this address.',
    })
    const account = await victim.seesProfileOf('The victim opens their profile.')

    return ending(account !== 'victim', {
      succeeds: 'The victim is logged out, as often as the attacker likes.',
      blocked:
        'The attacker gets nothing: the victim is still logged in. Links and images only send GET requests, and a GET changes nothing here.',
    })
  },
}
