import { expect, test } from 'vitest'
import { inferenceChangeFrom, refuseEmptyChange } from './inference-flags.js'

const refusal = (code: string) => expect.objectContaining({ code, exitCode: 2 })

test('seconds become milliseconds, and what was not named is not there', () => {
  expect(inferenceChangeFrom({ 'connect-timeout': '2.5', 'server-tools': 'deny' })).toEqual({
    connectTimeoutMs: 2500,
    serverTools: 'deny',
  })
})

test.each(['0', '-1', '0.0001', '1e3', '86401', '', ' 5', '5s', 'Infinity', 'NaN'])('%j is no timeout', (text) => {
  expect(() => inferenceChangeFrom({ 'idle-timeout': text })).toThrow(refusal('ERR_TIMEOUT_INVALID'))
})

test.each(['', ' m', 'a\nb', 'a\u0000', '\u001b[2J', 'm'.repeat(257)])('%j is no model name', (model) => {
  expect(() => inferenceChangeFrom({ model })).toThrow(refusal('ERR_MODEL_INVALID'))
})

test('a model name may hold what providers put into theirs', () => {
  expect(inferenceChangeFrom({ model: 'org/Model-3.1:free@2024 #x' })).toEqual({ model: 'org/Model-3.1:free@2024 #x' })
})

test('an update of nothing names an option', () => {
  expect(() => refuseEmptyChange({})).toThrow('nothing to change: name at least one option, e.g. --model')
})
