import { type AttackFile, ending } from '../attack.ts'

export const attack: AttackFile = {
  title: 'The attacker finds an unused code in a log half an hour later',
  rule: 'RFC 6749 section 4.1.2',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/routes/authorize.ts',
      line: 'store.codes.set(code, issuedCode, store.codeTtl)',
      without: 'store.codes.set(code, issuedCode, 3600)',
    },
  ],
  movesClock: true,

  async play(stage) {
    const { attacker, victim } = stage
    stage.attackerHas(
      "A log of the addresses the victim's browser is redirected to. In this run the clock jumps half an hour ahead.",
    )
    const own = await attacker.startsLogin(
      'The attacker starts a login and keeps the address of the login page.',
    )
    stage.outside('attacker', 'victim', 'The attacker makes the victim open that login page.')
    const callback = await victim.logsIn(
      'The victim logs in there. Then the browser loses its connection.',
      own,
    )
    stage.passMinutes(30)
    stage.outside('attacker', 'attacker', 'Half an hour later the attacker reads the log.')
    const page = await attacker.bringsCode(
      callback,
      own,
      'They take the code to the client. It belongs to a login of their own browser, so everything about it is right except its age.',
    )

    return ending(stage.accountOn(page) === 'victim', {
      succeeds: "The attacker's browser is in the victim's account.",
      blocked: `The attacker gets nothing. A code expires after ${stage.knows.codeTtl / 60} minutes, which is plenty of time for a browser.`,
    })
  },
}
