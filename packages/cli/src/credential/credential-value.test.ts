import { expect, test } from 'vitest'
import { credentialValueViolation } from './credential-value.js'

test.each(['sk-abc', 'a', 'nvapi-_~!#$%&*+.^`|', 'two words', '"quoted"', 'x'.repeat(8192)])('accepts %j', (value) => {
  expect(credentialValueViolation(value)).toBeUndefined()
})

test.each([
  ['', 'is empty'],
  ['   ', 'holds nothing but white space'],
  ['\t\n', 'holds nothing but white space'],
  ['\ufeffsk-abc', 'begins with a byte order mark; save the file without one'],
  ['x'.repeat(8193), 'is longer than 8192 bytes'],
  ['sk-abc\r\nx-evil: 1', 'holds a line break'],
  ['sk-abc\n', 'holds a line break'],
  ['sk\0abc', 'holds a NUL character'],
  ['sk\tabc', 'holds a control character'],
  ['sk\u007fabc', 'holds a control character'],
  ['sk\u0085abc', 'holds a control character'],
  ['“sk-abc”', 'holds a character that is not ASCII, as a copy from a web page may bring'],
  ['sk-abc\u00a0', 'holds a character that is not ASCII, as a copy from a web page may bring'],
  ['sk-äbc', 'holds a character that is not ASCII, as a copy from a web page may bring'],
  ['sk\u200babc', 'holds a character that is not ASCII, as a copy from a web page may bring'],
  [
    'nemoclaw-placeholder-not-a-credential',
    'is the placeholder that "nemoclaw env" gives to programs; use a shell without that environment',
  ],
  [' sk-abc', 'begins or ends with a space'],
  ['sk-abc ', 'begins or ends with a space'],
])('says that %j %s', (value, violation) => {
  expect(credentialValueViolation(value)).toBe(violation)
})
