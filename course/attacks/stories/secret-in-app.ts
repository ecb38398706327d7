import { join } from 'node:path'
import { listFilesIfThere, readText } from '../../differences/files.ts'
import { CLI } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker takes the secret out of an app that everyone has',
  rule: 'RFC 8252 section 8.5, RFC 6749 sections 2.1 and 10.2',
  expected: { 1: 'nothing', 8: 'succeeds', 14: 'blocked' },
  needs: {
    feature: 'remembersConsent',
    otherwise: 'The server of this version shows the user a page at every login, for any client.',
  },
  checks: [
    {
      file: 'cli/login.ts',
      line: "const client_id = 'lab-cli'",
      without: "const client_id = 'lab-cli'\nexport const client_secret = 'lab-cli-secret'",
      also: [
        {
          file: 'server/clients.ts',
          line: "client_id: 'lab-cli',",
          without: "client_id: 'lab-cli',\nclient_secret: 'lab-cli-secret',",
        },
      ],
    },
  ],

  async play(stage) {
    const { attacker, victim, lab, knows } = stage
    const { clientId, clientSecret } = lab.config
    const app = knows.nativeApp ? CLI : { client_id: clientId, redirect_uri: lab.redirectUri }
    const secret = knows.nativeApp ? secretIn(join(stage.version.folder, 'cli')) : clientSecret
    stage.callsApp(CLI.redirect_uri, 'CLI')
    stage.attackerHas(
      "A copy of an app for the user's own computer, as everyone has. And a program on the victim's computer: it opens addresses in the browser, and reads every address that the browser is redirected to.",
    )
    stage.outside(
      'attacker',
      'attacker',
      secret === undefined
        ? `The attacker searches their copy. In it is a name, ${app.client_id}, and no secret.`
        : `The attacker searches their copy. In it is what the server wants of every client: a name, ${app.client_id}, and a secret.`,
    )
    await victim.logsIn('The victim logs in to the app.', lab.authorizeUrl(app))
    const page = await victim.opens(lab.authorizeUrl(app), {
      meaning: "The next day, the attacker's program poses as the app. The verifier is its own.",
      actor: 'attacker',
      show: ['client_id'],
    })
    const gotCode = page.location !== undefined
    const { access_token } = await attacker.redeems(
      page.location ?? app.redirect_uri,
      { id: app.client_id, secret: secret ?? 'lab-cli-secret' },
      {
        meaning: gotCode
          ? 'The program copies the code from the address, and redeems it with the secret.'
          : 'The server asks the victim, so there is no code. The attacker tries a secret from an old copy of the app.',
        show: ['client_secret'],
      },
      { redirect_uri: app.redirect_uri },
    )
    const account = gotCode
      ? await attacker.readsProfileWith(access_token, 'They ask whose token it is.')
      : undefined

    return ending(account === 'victim', {
      succeeds:
        "The attacker reads the victim's profile, and the victim saw no page. The server takes the secret for proof that the app asks. Everyone who has the app can prove that.",
      blocked:
        "The attacker has the name of the app, and that proves nothing. There is no secret to find, the server accepts none for this name, and it asks the user each time. It can't protect an app that is given the secret of another client all the same.",
    })
  },
}

/** The first secret in the source of an app. Everyone who has the program can read it, compiled or not. */
function secretIn(folder: string): string | undefined {
  const source = listFilesIfThere(folder).map((file) => readText(folder, file))
  return /secret\w* *[=:] *['"](.+?)['"]/i.exec(source.join('\n'))?.[1]
}
