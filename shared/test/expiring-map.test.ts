import { afterEach, describe, expect, test, vi } from 'vitest'
import { ExpiringMap } from '../expiring-map.ts'
import { passTime } from '../testing/clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('an entry', () => {
  test('exists until its time is up', async () => {
    const map = new ExpiringMap<{ a: number }>(10)
    const value = { a: 1 }
    map.set('key', value, 99.5)
    passTime(90)
    expect(map.get('key')).toBe(value)
    passTime(10)
    expect(map.get('key')).toBeUndefined()
  })

  test('has the time that it was last given', async () => {
    const map = new ExpiringMap(10)
    map.set('longer', {}, 1)
    map.set('longer', {}, 100)
    map.set('shorter', {}, 100)
    map.set('shorter', {}, 1)
    passTime(50)
    expect(map.get('longer')).toBeDefined()
    expect(map.get('shorter')).toBeUndefined()
  })

  test("isn't kept longer because it is read", async () => {
    const map = new ExpiringMap(10)
    map.set('key', {}, 10)
    passTime(6)
    expect(map.get('key')).toBeDefined()
    passTime(6)
    expect(map.get('key')).toBeUndefined()
  })

  test('may live thirty days, which is more than a timer holds, or a hundred years', async () => {
    const map = new ExpiringMap(10)
    map.set('month', {}, 30 * 86_400)
    map.set('century', {}, 36_500 * 86_400)
    passTime(29 * 86_400)
    expect(map.get('month')).toBeDefined()
    passTime(2 * 86_400)
    expect(map.get('month')).toBeUndefined()
    expect(map.get('century')).toBeDefined()
  })

  test("without any time left isn't kept, and removes the one before it", () => {
    const map = new ExpiringMap(10)
    for (const ttl of [0, -1]) {
      map.set('key', {}, 10)
      map.set('key', {}, ttl)
      expect(map.get('key')).toBeUndefined()
    }
    expect(map.size).toBe(0)
  })

  test('that is deleted is gone', () => {
    const map = new ExpiringMap(10)
    map.set('key', {}, 10)
    map.delete('key')
    map.delete('another')
    expect(map.get('key')).toBeUndefined()
  })

  test('that is never read again still leaves memory, within fifteen seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const map = new ExpiringMap(10)
    map.set('short', {}, 5)
    map.set('long', {}, 500)
    passTime(5.1)
    expect(map.size).toBe(2)
    vi.advanceTimersByTime(15_000)
    expect(map.size).toBe(1)
  })
})

describe('an entry that is ended early', () => {
  test('no longer exists, and leaves memory within fifteen seconds', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const map = new ExpiringMap<{ over: boolean }>(10, ({ over }) => over)
    const [one, other] = [{ over: false }, { over: false }]
    map.set('one', one, 100)
    map.set('other', other, 100)
    one.over = true
    expect(map.get('one')).toBeUndefined()
    expect(map.get('other')).toBe(other)
    vi.advanceTimersByTime(15_000)
    expect(map.size).toBe(1)
  })
})

describe('a full map', () => {
  test('removes the entry that was unused for the longest time', () => {
    const map = new ExpiringMap<{ n: number }>(3)
    for (const n of [1, 2, 3]) map.set(`${n}`, { n }, 100)
    map.get('1')
    map.set('4', { n: 4 }, 100)
    expect(['1', '2', '3', '4'].filter((key) => map.get(key) !== undefined)).toEqual([
      '1',
      '3',
      '4',
    ])
    expect(map.size).toBe(3)
  })

  test('removes nothing when an existing entry is set again', () => {
    const map = new ExpiringMap(2)
    for (const key of ['a', 'b', 'b', 'b']) map.set(key, {}, 100)
    expect(map.get('a')).toBeDefined()
    expect(map.size).toBe(2)
  })
})
