import { type Attack, blocked, succeeds } from '../attack.ts'
import { mayBeFramed } from '../browser-rules.ts'

export const loginPageInFrame: Attack = {
  slug: 'login-page-in-frame',
  title: "The login page is shown in a frame of the attacker's page, which draws over it",
  rule: 'RFC 9700 section 4.16, RFC 6749 section 10.13',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'shared/app.ts',
      line: '"frame-ancestors \'none\'",',
      without: '',
      also: [
        { file: 'shared/app.ts', line: "reply.header('x-frame-options', 'DENY')", without: '' },
      ],
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.begin(
      'A web site that the victim visits, with an empty frame in it. What the victim types into the frame, the page around it can lead astray.',
    )
    const site = await stage.site()
    await victim.opens(site.url, "The victim opens the attacker's page.")
    const loginPage = await victim.beginsLogin()
    const pages = [
      await victim.opens(loginPage, {
        meaning: 'The page has the browser load the login page into its frame.',
        actor: 'attacker',
      }),
      await victim.opens(`${lab.clientUrl}/`, {
        meaning: 'It tries the same with a page of the client.',
        actor: 'attacker',
      }),
    ]

    if (!pages.some(mayBeFramed)) {
      return blocked(
        'The attacker has an empty frame. The header Content-Security-Policy of each page says that no page may frame it, and the browser obeys.',
      )
    }
    return succeeds(
      "The login page is part of the attacker's page, which can hide what the victim really clicks, or lay a field of its own over the one for the password.",
    )
  },
}
