import { expect, test } from 'vitest'
import { MACHINES, readMachines, supportedArchitectures } from '../lib/offline/machines.ts'

test('every kind of machine in a class can be packed for, and no other', () => {
  expect(readMachines(MACHINES.join(','))).toEqual(MACHINES)
  expect(readMachines('win32-x64, linux-arm64')).toEqual(['win32-x64', 'linux-arm64'])
  expect(() => readMachines('windows')).toThrow('There is no machine')
  expect(() => readMachines('')).toThrow('There is no machine')
})

test('the package store is told each system and each processor once', () => {
  const lines = supportedArchitectures(['win32-x64', 'darwin-arm64', 'linux-x64'])
  expect(lines).toContain('os: [win32, darwin, linux]')
  expect(lines).toContain('cpu: [x64, arm64]')
})
