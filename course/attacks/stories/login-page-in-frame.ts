import { requestOfOtherClient } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'
import { mayBeFramed } from '../browser-rules.ts'

export const attack: AttackFile = {
  title: "The attacker's page shows the login page in a frame and draws over it",
  rule: 'RFC 9700 section 4.16, RFC 6749 section 10.13',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'shared/app.ts',
      line: '"frame-ancestors \'none\'",',
      without: '',
      also: [{ file: 'shared/app.ts', line: "'x-frame-options': 'DENY',", without: '' }],
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.attackerHas(
      'A website that the victim visits, with a frame in it. The page can mislead the victim about what they click and type there.',
    )
    const site = await stage.site()
    await victim.opens(site.url, "The victim opens the attacker's page.")
    const loginPage = await victim.startsLogin()
    const pages = [
      await victim.opens(loginPage, {
        meaning: 'The page loads the login page into its frame.',
        actor: 'attacker',
      }),
      await victim.opens(`${lab.clientUrl}/`, {
        meaning: 'It tries the same with a page of the client.',
        actor: 'attacker',
      }),
    ]

    if (stage.knows.serverSession) {
      await victim.logsInAtClient('Another time, the victim is logged in at the server already.')
      pages.push(
        await victim.opens(requestOfOtherClient(loginPage), {
          meaning:
            "The page loads the consent page for the attacker's own client into its frame, to have the victim click Allow.",
          actor: 'attacker',
        }),
      )
    }

    return ending(pages.some(mayBeFramed), {
      succeeds:
        "The login page is part of the attacker's page. That page can hide what the victim really clicks, or cover the password field with its own.",
      blocked:
        'The attacker gets an empty frame. The Content-Security-Policy header of each page forbids framing, and the browser obeys.',
    })
  },
}
