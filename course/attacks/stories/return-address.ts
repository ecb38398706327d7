import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A login that starts with the attacker's link ends on the attacker's site",
  rule: 'RFC 9700 section 4.11.1',
  expected: { 1: 'nothing', 8: 'blocked' },
  needs: {
    feature: 'remembersConsent',
    otherwise: 'Every login of this version leads to the same page.',
  },
  checks: [
    {
      file: 'client/routes/login.ts',
      line: "wayBack: isForEmail ? '/email' : '/profile',",
      without: "wayBack: (soleParameter(request.query, 'for') ?? '/profile') as '/profile',",
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.attackerHas(
      'Their own website, which looks like the client and asks for the password once more. Also a way to make the victim open a link.',
    )
    const site = await stage.site()
    const { host } = new URL(site.url)
    const login = `${lab.clientUrl}/login?for=email`
    const { location: loginPage = login } = await victim.opens(login)
    const { location = login } = await victim.triesToLogIn(
      loginPage,
      'The victim has logged in before, and allowed the client to see the email address.',
    )
    await victim.goesTo(location)
    const tries: [string, string][] = [
      ["The attacker's site as what the login is for.", `${lab.clientUrl}/login?for=${site.url}`],
      ['The same without its scheme.', `${lab.clientUrl}/login?for=//${host}/`],
      [
        'A login for the email page, with the site under other names that clients use.',
        `${login}&return_to=${site.url}&next=${site.url}&redirect_uri=${site.url}`,
      ],
      ['The parameter twice: the page, then the site.', `${login}&for=${site.url}`],
    ]
    for (const [meaning, link] of tries) {
      const { location: request = link } = await victim.opens(link, { meaning, actor: 'attacker' })
      const { url } = await victim.goesTo(request)
      const isAtClient = url.startsWith(lab.clientUrl)
      stage.tell({
        actor: 'client',
        from: "victim's browser",
        to: isAtClient ? 'client' : "attacker's site",
        channel: 'front',
        meaning: `The server asks for nothing more. The login ends at ${isAtClient ? `${new URL(url).pathname} of the client` : "the attacker's site"}.`,
      })
    }

    return ending(site.visits.length > 0, {
      succeeds:
        "The victim logged in at the real server and is now on the attacker's site. Nothing looked wrong on the way.",
      blocked:
        "The attacker gets no visitor. The link can only choose between two of the client's own pages. The client keeps the choice in its session, next to the state.",
    })
  },
}
