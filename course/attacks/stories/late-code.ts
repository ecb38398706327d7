import { callbackWith, parameterOf } from '../address-parameters.ts'
import { type Attack, blocked, succeeds } from '../attack.ts'
import { SECONDS_PER_HOUR } from '../story-record.ts'

export const lateCode: Attack = {
  slug: 'late-code',
  title: 'A code that nobody has redeemed is found in a log, half an hour later',
  rule: 'RFC 6749 section 4.1.2',
  expected: { 1: 'blocked' },
  checks: [
    {
      file: 'server/routes/authorize.ts',
      line: 'store.codes.set(code, issuedCode, store.codeTtl)',
      without: 'store.codes.set(code, issuedCode, 3600)',
    },
  ],
  settings: (knows) => ({ CODE_TTL: String((knows.codeTtl / 3600) * SECONDS_PER_HOUR) }),

  async play(stage) {
    const { attacker, victim } = stage
    stage.begin(
      `A log of the addresses that the victim's browser is sent to. In this run an hour lasts ${SECONDS_PER_HOUR} seconds, and the lifetime of the code is shortened with it.`,
    )
    const own = await attacker.beginsLogin(
      'The attacker begins a login, and keeps the address of the login page.',
    )
    stage.outside('attacker', 'victim', 'The attacker makes the victim open that login page.')
    const callback = await victim.logsIn(
      own,
      'The victim logs in there. The browser loses its connection before it gets any further.',
    )
    await stage.letPass(30)
    stage.outside('attacker', 'attacker', 'Half an hour later the attacker reads the log.')
    const page = await attacker.goesTo(
      callbackWith(stage, {
        code: parameterOf(callback, 'code'),
        state: parameterOf(own, 'state'),
      }),
      'They bring the code to the client. It was made for a login of their own browser, so everything about it is right but its age.',
    )

    if (stage.accountOn(page) !== 'victim') {
      return blocked(
        `The attacker has nothing. A code lives for ${stage.knows.codeTtl / 60} minutes, which is plenty for a browser.`,
      )
    }
    return succeeds("The attacker's browser is in the victim's account.")
  },
}
