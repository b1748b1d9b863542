import { expect, test } from 'vitest'
import { parseHeaderArguments } from './header-argument.js'

const parse = (...texts: string[]) => parseHeaderArguments(texts)
const refusal = (code: string) => expect.objectContaining({ code, exitCode: 2 })

test('takes the white space around a value away, and nothing else', () => {
  expect(parse('OpenAI-Organization:\t org: 1 ')).toEqual([
    { kind: 'value', name: 'OpenAI-Organization', value: 'org: 1' },
  ])
})

test('a name with nothing behind it is a removal', () => {
  expect(parse('X-Team:')).toEqual([{ kind: 'removal', name: 'X-Team' }])
})

test.each([
  'Authorization',
  'authorization',
  'X-Api-Key',
  'Cookie',
  'Set-Cookie',
  'Host',
  'Proxy-Authorization',
  'Proxy-Foo',
  'Content-Length',
  'Transfer-Encoding',
  'TE',
  'Trailer',
  'Connection',
  'Keep-Alive',
  'Upgrade',
  'Expect',
  'Via',
  'Forwarded',
  'X-Forwarded-For',
  'X-Nemoclaw-Provider',
  'Content-Type',
])("refuses %s, which is not the operator's to set", (name) => {
  expect(() => parse(`${name}: x`)).toThrow(refusal('ERR_HEADER_RESERVED'))
})

test.each(['no colon', ': x', 'X Y: z', 'X\r\nY: z', 'Ünicode: x', 'X : y', '\u0000: x', 'X(Y): z'])(
  'refuses %j as malformed',
  (text) => {
    expect(() => parse(text)).toThrow(refusal('ERR_HEADER_INVALID'))
  },
)

test.each(['a\r\nX-Evil: 1', 'a\nb', 'a\u0000b', 'a\u007fb', 'ü', 'a\tb'])('refuses the value %j', (value) => {
  expect(() => parse(`X-Team: ${value}`)).toThrow(refusal('ERR_HEADER_INVALID'))
})

test('refuses a value of more than 8 KiB', () => {
  expect(parse(`X-Team: ${'a'.repeat(8192)}`)).toHaveLength(1)
  expect(() => parse(`X-Team: ${'a'.repeat(8193)}`)).toThrow(refusal('ERR_HEADER_INVALID'))
})

test.each(['X-Team-Token', 'CF-Access-Client-Secret', 'Ocp-Apim-Subscription-Key', 'X-Auth'])(
  '%s takes a reference only',
  (name) => {
    expect(() => parse(`${name}: literal`)).toThrow(refusal('ERR_HEADER_SECRET'))
    expect(parse(`${name}: env:TEAM`)).toEqual([{ kind: 'reference', name, reference: 'env:TEAM' }])
  },
)

test('a value that looks like a reference is one only where the name looks like a credential', () => {
  expect(parse('X-Team: env:TEAM')).toEqual([{ kind: 'value', name: 'X-Team', value: 'env:TEAM' }])
})

test('refuses a header twice, whatever its case', () => {
  expect(() => parse('X-Team: a', 'x-team: b')).toThrow(refusal('ERR_HEADER_TWICE'))
})

test('no message quotes the value', () => {
  expect(() => parse('X-Token: sk-secret')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('sk-') }),
  )
})
