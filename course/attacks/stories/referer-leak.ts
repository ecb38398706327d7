import type { Page } from '@oauth-lab/shared/testing/browser.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'
import { refererFrom } from '../browser-rules.ts'

export const refererLeak: Attack = {
  slug: 'referer-leak',
  title: 'The next site that the victim visits is told the address with the code in it',
  rule: 'RFC 9700 section 4.2',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'shared/app.ts',
      line: "reply.header('referrer-policy', 'no-referrer')",
      without: '',
    },
  ],

  async play(stage) {
    const { victim } = stage
    stage.begin(
      'A web site of their own that the victim goes to after the login, by a link or an image that a page has one day, and a victim with an old browser, which tells every site where it came from.',
    )
    const site = await stage.site()
    const goOn = (from: Page, meaning: string) =>
      victim.goesOn(site.url, { headers: { Referer: refererFrom(from) ?? '(none)' } }, { meaning })

    const first = await victim.beginsLogin()
    const form = await victim.opens(
      first,
      'The victim begins a login and is at the login page. All that the client asked for stands in its address.',
    )
    await goOn(form, "From there the browser loads something from the attacker's site.")
    await victim.beginsLogin()
    const answer = await victim.goesTo(
      await victim.logsIn(first),
      'The victim has clicked twice, and logs in at the first of the two pages. The browser comes to a page whose address holds the code.',
    )
    await goOn(answer, "From there, too, the browser goes on to the attacker's site.")

    const told = site.visits.map(({ headers }) => headers.referer ?? '')
    if (!told.some((referer) => /[?&](code|state)=/.test(referer))) {
      return blocked(
        'The attacker knows that somebody came, and not from where: the header Referrer-Policy of each page tells the browser to keep that to itself.',
      )
    }
    return succeeds(
      stage.knows.state
        ? "The attacker reads in their own log the address of the victim's page, with the code and the state in it."
        : "The attacker reads in their own log the address of the victim's page, with the code in it.",
    )
  },
}
