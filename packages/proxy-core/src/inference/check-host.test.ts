import { expect, test } from 'vitest'
import { checkHost } from './check-host.js'

test.each(['inference.local', 'inference.local:443', 'INFERENCE.Local', 'inference.local.', 'inference.local.:443'])(
  '%s is ours',
  (host) => {
    expect(() => checkHost([['Host', host]])).not.toThrow()
  },
)

test.each(['evil.com', 'inference.local:80', 'inference.local:0443', '127.0.0.1', '[::1]:443', 'x.inference.local'])(
  '%s is another place',
  (host) => {
    expect(() => checkHost([['host', host]])).toThrow(expect.objectContaining({ code: 'ERR_MISDIRECTED', status: 421 }))
  },
)

test.each(['', ':443', 'inference.local:', 'a b', 'a,b', 'u@inference.local', 'inference.local/', '[::1', 'é', '*'])(
  '%j is no host',
  (host) => {
    expect(() => checkHost([['host', host]])).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_MALFORMED', status: 400 }),
    )
  },
)

test('none is refused, and so are two that agree', () => {
  const one = ['Host', 'inference.local'] as const

  expect(() => checkHost([])).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_MALFORMED' }))
  expect(() => checkHost([one, one])).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_MALFORMED' }))
})
