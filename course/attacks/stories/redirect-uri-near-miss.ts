import { CLI, withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "A look-alike redirect URI tries to catch the victim's code",
  rule: 'RFC 9700 sections 2.1 and 4.1, RFC 6749 sections 3.1.2.3 and 10.6',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/authorization-request.ts',
      line: 'if (!client.redirect_uris.includes(redirect_uri)) {',
      without: 'if (!client.redirect_uris.some((uri) => redirect_uri.startsWith(uri))) {',
      until: 14,
    },
    {
      file: 'server/authorization-request.ts',
      line: 'if (!client.redirect_uris.includes(withoutPort)) {',
      without: 'if (!client.redirect_uris.some((uri) => withoutPort.startsWith(uri))) {',
      from: 14,
    },
  ],

  async play(stage) {
    const { victim, lab, knows } = stage
    stage.attackerHas(
      'Their own website, and a way to make the victim open a link to the login page.',
    )
    const site = await stage.site()
    const { redirectUri } = lab
    const { port } = new URL(redirectUri)
    const tries: [string, ...string[]][] = [
      ['a trailing slash', `${redirectUri}/`],
      ['a subfolder', `${redirectUri}/inside`],
      ['a path with two dots', `${redirectUri}/../elsewhere`],
      ['an extra query parameter', `${redirectUri}?next=${site.url}`],
      ['a fragment', `${redirectUri}#here`],
      ["the attacker's port on the same host", `${site.url}/callback`],
      ['another name for this machine', `http://127.0.0.1:${port}/callback`],
      ['capital letters in the host', redirectUri.replace('localhost', 'LOCALHOST')],
      ['capital letters in the path', redirectUri.replace('callback', 'Callback')],
      ['a percent-encoded letter', redirectUri.replace('callback', '%63allback')],
      ['https', redirectUri.replace('http:', 'https:')],
      ['the host as a user name', `http://localhost:${port}@attacker.example/callback`],
      ['the host as the start of another host', `http://localhost.attacker.example/callback`],
      ['a redirect URI of another client', 'http://localhost:25009/callback?from=other'],
      ['two redirect URIs, the right one first', redirectUri, `${site.url}/callback`],
      ['two redirect URIs, the right one last', `${site.url}/callback`, redirectUri],
    ]

    const host = '127.0.0.1:50123'
    const triesAsCli: typeof tries = [
      ['a subfolder', `http://${host}/callback/inside`],
      ['an extra query parameter', `http://${host}/callback?next=${site.url}`],
      ['another path', `http://${host}/elsewhere`],
      ['a port that none can be', 'http://127.0.0.1:65536/callback'],
      ['a port with a zero in front', 'http://127.0.0.1:080/callback'],
      ['a name of this machine', 'http://localhost:50123/callback'],
      ['another address of this machine', 'http://[::1]:50123/callback'],
      ['the host and port as a user name', `http://${host}@attacker.example/callback`],
      ['the host as the start of another host', `http://127.0.0.1.attacker.example:50123/callback`],
    ]

    const loginPage = await victim.startsLogin()
    const caught: string[] = []
    const sendsVictimTo = async (url: string, what: string, uris: string[]) => {
      const link = new URL(url)
      link.searchParams.delete('redirect_uri')
      for (const uri of uris) link.searchParams.append('redirect_uri', uri)
      const { location } = await victim.triesToLogIn(link.href, {
        meaning: `A link with ${what}.`,
        actor: 'attacker',
        show: ['redirect_uri'],
      })
      if (location?.includes('code=') && !location.startsWith(`${redirectUri}?`)) caught.push(what)
    }
    for (const [what, ...uris] of tries) await sendsVictimTo(loginPage, what, uris)
    if (knows.nativeApp) {
      const ofCli = withParameters(loginPage, { client_id: CLI.client_id })
      for (const [what, ...uris] of triesAsCli) {
        await sendsVictimTo(ofCli, `${what}, in the name of the CLI`, uris)
      }
    }

    return ending(caught.length > 0, {
      succeeds: `The server sends the victim's code to addresses that nobody registered: ${caught.join(', ')}.`,
      blocked:
        "The attacker gets nothing. The server rejects each link with an error page. It doesn't ask for a password and doesn't redirect the browser.",
    })
  },
}
