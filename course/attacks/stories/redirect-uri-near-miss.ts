import { type Attack, blocked, succeeds } from '../attack.ts'

export const redirectUriNearMiss: Attack = {
  slug: 'redirect-uri-near-miss',
  title: "The victim's code is to be sent to an address that only looks like the client's",
  rule: 'RFC 9700 sections 2.1 and 4.1, RFC 6749 sections 3.1.2.3 and 10.6',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/authorization-request.ts',
      line: 'if (!client.redirect_uris.includes(redirect_uri)) {',
      without: 'if (!client.redirect_uris.some((uri) => redirect_uri.startsWith(uri))) {',
    },
  ],

  async play(stage) {
    const { victim, lab } = stage
    stage.begin(
      'A web site of their own, and a way to make the victim open a link to the login page.',
    )
    const site = await stage.site()
    const { redirectUri } = lab
    const { port } = new URL(redirectUri)
    const tries: [string, ...string[]][] = [
      ['a slash at the end', `${redirectUri}/`],
      ['a folder below', `${redirectUri}/inside`],
      ['a way up again', `${redirectUri}/../elsewhere`],
      ['a query that is not registered', `${redirectUri}?next=${site.url}`],
      ['a fragment', `${redirectUri}#here`],
      ["another port of the same host, the attacker's", `${site.url}/callback`],
      ['another name for this machine', `http://127.0.0.1:${port}/callback`],
      ['capital letters in the host', redirectUri.replace('localhost', 'LOCALHOST')],
      ['capital letters in the path', redirectUri.replace('callback', 'Callback')],
      ['another way to write a letter', redirectUri.replace('callback', '%63allback')],
      ['https', redirectUri.replace('http:', 'https:')],
      ['the host as a user name', `http://localhost:${port}@attacker.example/callback`],
      ['the host as the beginning of another', `http://localhost.attacker.example/callback`],
      ['an address of another client', 'http://localhost:25009/callback?from=other'],
      ['both at once, the right one first', redirectUri, `${site.url}/callback`],
      ['both at once, the right one last', `${site.url}/callback`, redirectUri],
    ]

    const loginPage = await victim.beginsLogin()
    const caught: string[] = []
    for (const [what, ...uris] of tries) {
      const link = new URL(loginPage)
      link.searchParams.delete('redirect_uri')
      for (const uri of uris) link.searchParams.append('redirect_uri', uri)
      const { location } = await victim.triesToLogIn(link.href, {
        meaning: `A link with ${what}.`,
        actor: 'attacker',
        show: ['redirect_uri'],
      })
      if (location?.includes('code=') && !location.startsWith(`${redirectUri}?`)) caught.push(what)
    }

    if (caught.length === 0) {
      return blocked(
        'The attacker has nothing. Each of these links ends at a page of the server: the victim is not even asked for a password, and the browser is sent nowhere.',
      )
    }
    return succeeds(
      `The server sends the victim's code to addresses that nobody has registered: ${caught.join(', ')}.`,
    )
  },
}
