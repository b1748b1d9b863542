import { expect, test } from 'vitest'
import { parseConfigArguments } from './config-argument.js'

const parse = (...texts: string[]) => Object.fromEntries(parseConfigArguments(texts))
const refusal = (code: string) => expect.objectContaining({ code, exitCode: 2 })

test('splits at the first =', () => {
  expect(parse('A=b=c', 'D=')).toEqual({ A: 'b=c', D: '' })
})

test.each(['A', '=b', '1A=b', '__proto__=x', `${'K'.repeat(257)}=x`])('refuses %j', (text) => {
  expect(() => parse(text)).toThrow(refusal('ERR_CONFIG_KEY_INVALID'))
})

test.each(['OPENAI_API_KEY', 'token', 'DB_PASSWORD', 'X_SECRET'])(
  'refuses %s, which would be stored in clear',
  (key) => {
    expect(() => parse(`${key}=x`)).toThrow(refusal('ERR_CONFIG_SECRET'))
  },
)

test.each(['a\nb', 'a\u0000b', '\u001b[2J', 'x'.repeat(8193)])(
  'refuses a value with a control character or too long',
  (value) => {
    expect(() => parse(`A=${value}`)).toThrow(refusal('ERR_CONFIG_VALUE_INVALID'))
  },
)

test('refuses a key twice', () => {
  expect(() => parse('A=1', 'A=2')).toThrow(refusal('ERR_CONFIG_TWICE'))
})
