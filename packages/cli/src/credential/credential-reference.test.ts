import { expect, test } from 'vitest'
import { looksLikeReference, parseReference } from './credential-reference.js'

test.each([
  ['env:NVIDIA_API_KEY', { kind: 'env', name: 'NVIDIA_API_KEY' }],
  ['file:/run/secrets/key', { kind: 'file', path: '/run/secrets/key' }],
  ['file:/with space/and:colon', { kind: 'file', path: '/with space/and:colon' }],
  ['exec:pass show nvidia', { kind: 'exec', argv: ['pass', 'show', 'nvidia'] }],
  [
    'exec:["sh","-c","pass show nvidia | head -n1"]',
    { kind: 'exec', argv: ['sh', '-c', 'pass show nvidia | head -n1'] },
  ],
  ['exec: /opt/bin/key --name a:b', { kind: 'exec', argv: ['/opt/bin/key', '--name', 'a:b'] }],
])('understands %s', (text, reference) => {
  expect(parseReference(text)).toEqual(reference)
})

test.each([
  'sk-abc',
  'vault:x',
  'env:',
  'env:A-B',
  'env:1A',
  'file:',
  'file:relative/path',
  'file:~/key',
  'file:/a\0b',
  'exec:',
  'exec:  ',
  "exec:''",
  'exec:./key',
  'exec:bin/key',
  'exec:["a",1]',
  'exec:["a"',
  'exec:[]',
  'exec:["a","b\\u0000c"]',
  'exec:a | b',
])('refuses %j and says what would do', (text) => {
  expect(() => parseReference(text)).toThrow(
    expect.objectContaining({
      code: 'ERR_REFERENCE_INVALID',
      exitCode: 2,
      suggestions: expect.arrayContaining([expect.stringContaining('For example')]),
    }),
  )
})

test('tells a reference from a value by its first word only', () => {
  expect(looksLikeReference('env:X')).toBe(true)
  expect(looksLikeReference('environment:X')).toBe(false)
  expect(looksLikeReference('sk-env:X')).toBe(false)
})

test.each(['env:NEMOCLAW_PASSPHRASE', 'env:nemoclaw_home'])('%s is not handed to a provider', (reference) => {
  expect(() => parseReference(reference)).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE_INVALID' }))
})
