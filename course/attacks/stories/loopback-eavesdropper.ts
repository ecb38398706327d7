import { CLI, parameterOf, withParameters } from '../address-parameters.ts'
import { type AttackFile, ending } from '../attack.ts'

const VERIFIER_CHECK = {
  file: 'server/grants/authorization-code.ts',
  line: 'if (!matchesChallenge(code_verifier, issuedCode.code_challenge)) {',
  without: 'if (false) {',
}

export const attack: AttackFile = {
  title: 'Another program on the same computer catches the response to the CLI',
  rule: 'RFC 8252 sections 8.1 and 8.9, RFC 7636 section 1',
  expected: { 1: 'nothing', 14: 'blocked' },
  needs: {
    feature: 'nativeApp',
    otherwise: "In this version no program on the user's computer waits for a response.",
  },
  checks: [
    VERIFIER_CHECK,
    {
      file: 'cli/loopback.ts',
      line: "if (!sameSecret(soleParameter(query, 'state') ?? '', expected)) {",
      without: 'if (false) {',
      also: [VERIFIER_CHECK],
    },
  ],

  async play(stage) {
    const { attacker, victim, lab } = stage
    stage.attackerHas(
      "Their own account, user1, and a program on the victim's computer. It opens addresses in the browser, and reads every address that the browser is redirected to.",
    )
    const cli = await stage.startCli()
    const { redirectUri: redirect_uri } = cli
    stage.outside(
      'CLI',
      'victim',
      'The victim starts the CLI. It listens at a port, and shows the address to log in at.',
    )
    const own = await attacker.logsIn(
      'The attacker finds that port, logs in with their own account as if the CLI had asked, and keeps the code.',
      lab.authorizeUrl({ ...CLI, redirect_uri, state: 'made-up' }),
    )
    const early = await victim.opens(own, {
      meaning: 'Their program makes the browser bring this code to the CLI. The state is made up.',
      actor: 'attacker',
    })
    const isTrickedBy = async ({ status }: { status: number }) => {
      if (status !== 200) return false
      const { output } = await cli.untilEnded()
      stage.tellBackChannel(stage.newExchanges())
      const isTricked = output.includes('User Number 1')
      const shows = isTricked ? "the attacker's name" : 'an error'
      stage.outside('CLI', 'victim', `The CLI shows ${shows}, and ends.`)
      return isTricked
    }
    let isTricked = await isTrickedBy(early)
    let account: unknown
    if (!isTricked) {
      const callback = await victim.logsIn(
        'The victim logs in. The program copies the address with the code and stops the browser.',
        cli.url?.href,
      )
      const { access_token } = await attacker.redeems(
        callback,
        undefined,
        {
          meaning:
            'The program redeems the code in the name of the CLI, which has no secret. It makes up a verifier.',
          show: ['client_id'],
        },
        { client_id: CLI.client_id, redirect_uri },
      )
      account = stage.accountOf(access_token)
      const swapped = withParameters(callback, { code: parameterOf(own, 'code') })
      const late = await victim.opens(swapped, {
        meaning: "It lets the browser go on, with the attacker's code and the right state.",
        actor: 'attacker',
      })
      isTricked = await isTrickedBy(late)
    }

    return ending(account === 'victim' || isTricked, {
      succeeds:
        account === 'victim'
          ? "The attacker has an access token for the victim's account."
          : "The victim's CLI works with the attacker's account.",
      blocked:
        "The attacker has a code that they can't redeem, and can't make the CLI take theirs. The verifier is in the memory of the CLI, and was never in an address. What is left to them is to spoil a login: the victim has to start the CLI again.",
    })
  },
}
