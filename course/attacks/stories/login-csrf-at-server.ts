import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker logs the victim in at the server, as the attacker',
  rule: 'RFC 6749 section 10.12, RFC 9700 section 4.7',
  expected: { 1: 'nothing', 7: 'blocked' },
  needs: {
    feature: 'serverSession',
    otherwise: 'The server forgets a login at once, so nothing stays in the browser.',
  },
  checks: [
    {
      file: 'server/app.ts',
      line: "pages.addHook('onRequest', refuseForeignForms)",
      without: '',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      'Their own account, user1, and a page on another site that the victim visits.',
    )
    const loginPage = await attacker.startsLogin(
      'The attacker starts a login to get the address of a login page.',
    )
    await victim.isMadeToSend('POST', loginPage, {
      from: 'another site',
      form: { username: 'user1', password: 'password1' },
      meaning:
        "Their page makes the victim's browser send the login form, with the attacker's user name and password.",
    })
    const ownPage = await victim.startsLogin('Later the victim starts a login of their own.')
    const { location = ownPage } = await victim.triesToLogIn(
      ownPage,
      "The victim does what the server's pages ask for.",
    )
    const page = await victim.goesTo(location, 'The browser delivers the response.')

    return ending(stage.accountOn(page) === 'attacker', {
      succeeds:
        "The victim's browser is now in the attacker's account. The state of the login was right: the victim started it. Nobody asked for the victim's password, and the victim didn't miss it.",
      blocked:
        "The victim is in their own account. The browser says that the form came from another site, and the server rejects it. Browsers from before 2023 don't say so. Their users have to read the name on the consent page.",
    })
  },
}
