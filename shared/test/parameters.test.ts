import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OAuthError } from '../oauth.ts'
import {
  type Parameters,
  parameter,
  parseParameters,
  requiredParameter,
  soleParameter,
} from '../parameters.ts'
import { randomToken, sameSecret } from '../secrets.ts'

describe('a parameter', () => {
  test('has the value that came once', () => {
    for (const read of [parameter, soleParameter, requiredParameter]) {
      expect(read({ a: 'x', b: 'y' }, 'a')).toBe('x')
    }
  })

  test('without a value counts as absent', () => {
    const absent: Parameters[] = [{}, { a: undefined }, { a: '' }, { a: ['', ''] }, { A: 'x' }]
    for (const parameters of absent) {
      expect(parameter(parameters, 'a')).toBeUndefined()
      expect(soleParameter(parameters, 'a')).toBeUndefined()
      expect(() => requiredParameter(parameters, 'a')).toThrow(
        new OAuthError('invalid_request', 'a is missing'),
      )
    }
    expect(parameter({ a: ['', 'x', ''] }, 'a')).toBe('x')
  })

  test('that comes twice is invalid_request, even with the same value', () => {
    for (const a of [
      ['x', 'y'],
      ['x', 'x'],
      ['x', '', 'y'],
    ]) {
      for (const read of [parameter, requiredParameter]) {
        expect(() => read({ a }, 'a')).toThrow(
          new OAuthError('invalid_request', 'a is given more than once'),
        )
      }
      expect(soleParameter({ a }, 'a')).toBeUndefined()
    }
  })

  test("that isn't UTF-8 is invalid_request, because it couldn't be returned unchanged", () => {
    for (const encoded of ['%FF', 'x%C3', '%ED%A0%80', '%c0%af', 'x%FFy']) {
      const parameters = parseParameters(`a=${encoded}`)
      for (const read of [parameter, requiredParameter]) {
        expect(() => read(parameters, 'a')).toThrow(
          new OAuthError('invalid_request', 'a is not UTF-8'),
        )
      }
      expect(soleParameter(parameters, 'a')).toBeUndefined()
    }
  })

  test('is read as URLSearchParams reads it, wherever that loses nothing', () => {
    const texts = ['a=1&b=2', 'a=%', 'a=%zz+x', 'a=b=c', 'a', '&&a=&=x', 'a=%EF%BF%BD', 'a=%C3%BC']
    for (const text of texts) {
      expect(parameter(parseParameters(text), 'a') ?? '').toBe(
        new URLSearchParams(text).get('a') ?? '',
      )
    }
  })

  test('that nothing reads may come any number of times, in any encoding', () => {
    expect(parameter({ a: 'x', b: ['y', 'z'], c: null }, 'a')).toBe('x')
  })
})

describe('a secret', () => {
  test('is 256 bits of base64url, and a new one each time', () => {
    const tokens = Array.from({ length: 100 }, randomToken)
    expect(new Set(tokens).size).toBe(100)
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  })

  test('equals itself and nothing else, of any length', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(sameSecret(one, one)).toBe(true)
        expect(sameSecret(one, other)).toBe(one === other)
        expect(sameSecret(one, `${one}x`)).toBe(false)
      }),
    )
  })
})
