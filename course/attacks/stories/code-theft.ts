import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "The attacker redeems a stolen code with the client's own id and secret",
  rule: 'RFC 7636 sections 1 and 4.6, RFC 9700 section 4.5.3.1',
  expected: { 1: 'succeeds', 3: 'blocked' },
  checks: [
    {
      file: 'server/grants/authorization-code.ts',
      line: 'if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {',
      without: 'if (false) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "A program on the victim's computer that reads every address the browser is redirected to, and the client's id and secret from a copy of its settings.",
    )
    const callback = await victim.logsIn(
      'The victim logs in. The program copies the address with the code and stops the browser.',
    )
    const client = { id: lab.config.clientId }
    const responses = [
      await attacker.redeems(
        callback,
        client,
        'The attacker goes straight to the token endpoint and poses as the client.',
        { code_verifier: undefined },
      ),
    ]
    if (stage.knows.pkce) {
      responses.push(
        await attacker.redeems(
          callback,
          client,
          'The request needs a verifier, so they make one up.',
        ),
      )
    }

    return ending(
      responses.some(({ access_token }) => stage.accountOf(access_token) === 'victim'),
      {
        succeeds: "The attacker has an access token for the victim's account.",
        blocked:
          "The attacker gets nothing. The verifier never left the victim's session at the client. The challenge is public but doesn't reveal it.",
      },
    )
  },
}
