import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { type AttackFile, ending } from '../attack.ts'
import { refererFrom } from '../browser-rules.ts'

export const attack: AttackFile = {
  title: 'The Referer header leaks the address with the code to the next site',
  rule: 'RFC 9700 section 4.2',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'shared/app.ts',
      line: "'referrer-policy': 'no-referrer',",
      without: '',
    },
  ],

  async play(stage) {
    const { victim } = stage
    stage.attackerHas(
      "Their own website. One day a page of the lab links to it or loads an image from it. The victim's old browser tells every site where it came from.",
    )
    const site = await stage.site()
    const goOn = (from: Page, meaning: string) =>
      victim.goesOn(site.url, { headers: { Referer: refererFrom(from) ?? '(none)' } }, { meaning })

    const first = await victim.startsLogin()
    const form = await victim.opens(
      first,
      'The victim starts a login and sees the login page. Its address contains the whole authorization request.',
    )
    await goOn(form, "From this page the browser loads something from the attacker's site.")
    await victim.startsLogin()
    const response = await victim.goesTo(
      await victim.logsIn(undefined, first),
      'The victim clicked twice, and logs in on the first of the two pages. The browser ends at a page whose address contains the code.',
    )
    await goOn(response, "From this page, too, the browser goes to the attacker's site.")

    const told = site.visits.map(({ headers }) => headers.referer ?? '')
    return ending(
      told.some((referer) => /[?&](code|state)=/.test(referer)),
      {
        succeeds: stage.knows.state
          ? "The attacker's log contains the address of the victim's page, with the code and the state in it."
          : "The attacker's log contains the address of the victim's page, with the code in it.",
        blocked:
          'The attacker sees a visit but not where it came from. The Referrer-Policy header of each page tells the browser not to say.',
      },
    )
  },
}
