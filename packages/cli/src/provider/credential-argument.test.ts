import { expect, test } from 'vitest'
import { parseCredentialArguments } from './credential-argument.js'

const parse = (...texts: string[]) => parseCredentialArguments(texts)
const refusal = (code: string) => expect.objectContaining({ code, exitCode: 2 })

test.each([
  ['NVIDIA_API_KEY', { from: 'environment', key: 'NVIDIA_API_KEY' }],
  ['KEY=-', { from: 'standard_input', key: 'KEY' }],
  ['KEY=sk-1=2', { from: 'command_line', key: 'KEY', value: 'sk-1=2' }],
  ['KEY=env:OTHER', { from: 'reference', key: 'KEY', reference: 'env:OTHER' }],
  ['KEY=file:/run/secrets/key', { from: 'reference', key: 'KEY', reference: 'file:/run/secrets/key' }],
  ['KEY=exec:pass show x', { from: 'reference', key: 'KEY', reference: 'exec:pass show x' }],
])('reads %s', (text, expected) => {
  expect(parse(text)).toEqual([expected])
})

test.each(['', '=value', '1KEY', 'A B', 'KÉY', 'header.x-team', '__proto__', 'K'.repeat(257), 'A\nB'])(
  'refuses the key in %j',
  (text) => {
    expect(() => parse(text)).toThrow(refusal('ERR_CREDENTIAL_KEY_INVALID'))
  },
)

test('takes a key of 256 characters', () => {
  expect(parse('K'.repeat(256))).toHaveLength(1)
})

test('refuses an empty value rather than reading the environment', () => {
  expect(() => parse('KEY=')).toThrow(refusal('ERR_CREDENTIAL_INVALID'))
})

test('refuses a broken reference before anything is stored', () => {
  expect(() => parse('KEY=file:relative')).toThrow(refusal('ERR_REFERENCE_INVALID'))
})

test('refuses the same key twice, and standard input for two keys', () => {
  expect(() => parse('KEY', 'KEY=-')).toThrow(refusal('ERR_CREDENTIAL_TWICE'))
  expect(() => parse('A=-', 'B=-')).toThrow(refusal('ERR_CREDENTIAL_TWICE'))
})

test('does not quote what may be a secret', () => {
  expect(() => parse('sk secret=x')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('secret') }),
  )
})
