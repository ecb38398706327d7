import { expect, test } from 'vitest'
import { passTime, returnToPresent } from '../testing/clock.ts'

test('the clocks that a test moves ahead are right again for the next file', () => {
  const clocks = [() => performance.now(), () => Date.now()]
  const before = clocks.map((read) => read())
  const passed = () => clocks.map((read, index) => read() - (before[index] ?? 0) >= 3_600_000)
  for (let time = 0; time < 2; time += 1) {
    passTime(3_600)
    expect(passed()).toEqual([true, true])
    returnToPresent()
    expect(passed()).toEqual([false, false])
  }
})
