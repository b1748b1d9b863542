import { expect, test } from 'vitest'
import { tellableTarget } from './proxy-event.js'

test.each([
  ['inference.local:443', 'inference.local:443'],
  ['/v1/models?key=secret', '/v1/models'],
  ['http://h.example/a@b?x', 'http://h.example/a@b'],
  ['http://user:secret@h.example/a', 'http://[redacted]@h.example/a'],
  ['user:secret@h.example:443', '[redacted]@h.example:443'],
  ['//user:secret@h.example/', '//[redacted]@h.example/'],
  ['HTTP://secret@h', 'HTTP://[redacted]@h'],
  ['http://a:b@secret@h/', 'http://[redacted]@h/'],
  ['/path#secret', '/path'],
  ['/v1/models/a@b', '/v1/models/a@b'],
])('%s is told as %s', (target, told) => {
  expect(tellableTarget(target)).toBe(told)
})

test('a long one is cut', () => {
  expect(tellableTarget('x'.repeat(10_000))).toHaveLength(512)
})
