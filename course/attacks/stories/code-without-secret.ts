import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: "Someone who isn't a client tries to redeem a stolen code",
  rule: 'RFC 6749 sections 3.2.1 and 10.5',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/client-auth.ts',
      line: 'if (client === undefined || !right) {',
      without: 'if (client === undefined) {',
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "A program on the victim's computer that reads every address the browser is redirected to. They don't know the client's secret.",
    )
    const callback = await victim.logsIn(
      'The victim logs in. The program copies the address with the code and stops the browser.',
    )
    const { clientId } = lab.config
    const responses = [
      await attacker.redeems(
        callback,
        undefined,
        'The attacker sends the code to the token endpoint without any client id.',
      ),
      await attacker.redeems(
        callback,
        undefined,
        {
          meaning:
            "They add the client's id. It isn't secret: the address of every login page contains it.",
          show: ['client_id'],
        },
        { client_id: clientId },
      ),
      await attacker.redeems(
        callback,
        { id: clientId, secret: 'secret' },
        { meaning: 'They send the id and guess the secret.', show: ['client_secret'] },
      ),
    ]

    return ending(
      responses.some(({ access_token }) => stage.accountOf(access_token) === 'victim'),
      {
        succeeds: "The attacker has an access token for the victim's account.",
        blocked:
          "The attacker has a code they can't use. The code travels through the browser, where others may see it. The secret never does.",
      },
    )
  },
}
