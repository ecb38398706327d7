import { freePort } from '@oauth-lab/shared/testing/ports.ts'
import { CLI } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'Another program uses the name of the CLI',
  rule: 'RFC 8252 section 8.6, RFC 6749 section 10.2',
  expected: { 1: 'nothing', 14: 'blocked' },
  needs: {
    feature: 'nativeApp',
    otherwise:
      'Every client of this version has a secret. A program that only knows its name gets no token.',
  },
  checks: [
    {
      file: 'server/routes/authorize.ts',
      line: 'const asked = authorizationRequest.scopes.filter((scope) => isPublic || !allowed.has(scope))',
      without: 'const asked = authorizationRequest.scopes.filter((scope) => !allowed.has(scope))',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "A program on the victim's computer. It can open the browser, and it knows the name of the CLI. Everyone does.",
    )
    await victim.usesCli('The victim uses the CLI, logs in and allows what it asks for.')
    const redirect_uri = `http://127.0.0.1:${await freePort()}/callback`
    stage.callsApp(redirect_uri, "attacker's program")
    const page = await victim.opens(lab.authorizeUrl({ ...CLI, redirect_uri }), {
      meaning:
        "The next day, the attacker's program sends the browser to the server, as the CLI does. The port, the state and the verifier are its own.",
      actor: 'attacker',
      show: ['client_id', 'redirect_uri'],
    })
    let account: unknown
    if (page.location === undefined) {
      await victim.denies(page, 'The victim has started nothing, and denies it.')
    } else {
      const { access_token } = await attacker.redeems(
        page.location,
        undefined,
        {
          meaning: 'The server asks nobody. The program redeems the code in the name of the CLI.',
          show: ['client_id'],
        },
        { client_id: CLI.client_id, redirect_uri },
      )
      account = await attacker.readsProfileWith(access_token, 'It asks whose token it has.')
    }

    return ending(account === 'victim', {
      succeeds:
        "The attacker reads the victim's profile. The victim allowed that to another program, and saw no page this time.",
      blocked:
        "The attacker gets nothing: the server asked the victim, who had started nothing. But it can't tell the two programs apart, and neither can its page: both are lab-cli on the same machine, and only the port differs. A victim who clicks Allow gives the attacker a token.",
    })
  },
}
