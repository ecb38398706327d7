import { withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A link to the server or the client redirects to the attacker's site",
  rule: 'RFC 9700 section 4.11, RFC 6749 sections 4.1.2.1 and 10.15',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/authorization-request.ts',
      line: 'if (!client.redirect_uris.includes(redirect_uri)) {',
      without: 'if (false) {',
      until: 14,
    },
    {
      file: 'server/authorization-request.ts',
      line: 'if (!client.redirect_uris.includes(withoutPort)) {',
      without: 'if (false) {',
      from: 14,
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.attackerHas(
      'Their own website that looks like the login page, and a victim who checks where a link goes before clicking it.',
    )
    const site = await stage.site()
    const loginPage = withParameters(await victim.startsLogin(), { redirect_uri: site.url })
    const tries: [string, string][] = [
      [
        "An authorization request with the attacker's site as the redirect URI and a mistake in it, so that the server responds before it shows a login page.",
        withParameters(loginPage, { response_type: 'nonsense' }),
      ],
      [
        "The same request for a client that the server doesn't know.",
        withParameters(loginPage, { client_id: 'nobody' }),
      ],
      [
        'An error response to the client, with an address to continue to.',
        `${lab.redirectUri}?error=access_denied&redirect_uri=${site.url}&return_to=${site.url}`,
      ],
      [
        'The start of a login at the client, with an address to continue to afterwards.',
        `${lab.clientUrl}/login?redirect_uri=${site.url}&return_to=${site.url}&next=${site.url}`,
      ],
      [
        'A path that a careless program mistakes for a host.',
        `${lab.clientUrl}//${new URL(site.url).host}/`,
      ],
    ]
    for (const [meaning, link] of tries) {
      await victim.isSentTo(link, meaning, ['redirect_uri'])
    }

    return ending(site.visits.length > 0, {
      succeeds:
        "The victim clicked a link to a server they trust, but is on the attacker's site and types the password there.",
      blocked:
        'The attacker gets no visitor. Neither program redirects a browser to an address that a link supplies.',
    })
  },
}
