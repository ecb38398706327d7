import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'Another registered client redeems a stolen code with its own secret',
  rule: 'RFC 6749 sections 4.1.3 and 10.5',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/grants/authorization-code.ts',
      line: 'if (issuedCode === undefined || issuedCode.grant.client_id !== client.client_id) {',
      without: 'if (issuedCode === undefined) {',
    },
  ],

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "Their own client, other-client, registered with this server. Also a program on the victim's computer that reads every address the browser is redirected to.",
    )
    const callback = await victim.logsIn(
      'The victim logs in. The program copies the address with the code and stops the browser.',
    )
    const { access_token } = await attacker.redeems(
      callback,
      { id: 'other-client' },
      "The attacker sends the code as other-client, with other-client's correct secret.",
    )

    return ending(stage.accountOf(access_token) === 'victim', {
      succeeds: "The attacker has an access token for the victim's account.",
      blocked:
        'The attacker gets nothing. The server remembers which client each code was issued to and accepts it only from that client.',
    })
  },
}
