import { withParameters } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'

export const openRedirect: Attack = {
  slug: 'open-redirect',
  title: "A link to the server or the client that ends at the attacker's site",
  rule: 'RFC 9700 section 4.11, RFC 6749 sections 4.1.2.1 and 10.15',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/authorization-request.ts',
      line: 'if (!client.redirect_uris.includes(redirect_uri)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.begin(
      'A web site of their own that looks like the login page, and a victim who looks at where a link goes before clicking it.',
    )
    const site = await stage.site()
    const loginPage = withParameters(await victim.beginsLogin(), { redirect_uri: site.url })
    const tries: [string, string][] = [
      [
        "A login with the attacker's site as the place to go back to, and a mistake in it, so that the server answers before there is any login page.",
        withParameters(loginPage, { response_type: 'nonsense' }),
      ],
      [
        'The same for a client that the server does not know.',
        withParameters(loginPage, { client_id: 'nobody' }),
      ],
      [
        'An error that the client is told of, with the address to go on to.',
        `${lab.redirectUri}?error=access_denied&redirect_uri=${site.url}&return_to=${site.url}`,
      ],
      [
        'A login at the client, with the address to go on to afterwards.',
        `${lab.clientUrl}/login?redirect_uri=${site.url}&return_to=${site.url}&next=${site.url}`,
      ],
      [
        'A path that a careless program takes for a host.',
        `${lab.clientUrl}//${new URL(site.url).host}/`,
      ],
    ]
    for (const [meaning, link] of tries) {
      await victim.isSentTo(link, meaning, ['redirect_uri'])
    }

    if (site.visits.length === 0) {
      return blocked(
        "Nobody has come to the attacker's site. Neither program sends a browser to an address that a link has brought along.",
      )
    }
    return succeeds(
      "The victim, who has clicked a link to a server that they trust, is at the attacker's site and types the password there.",
    )
  },
}
