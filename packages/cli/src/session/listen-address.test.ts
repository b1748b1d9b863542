import { expect, test } from 'vitest'
import type { UserError } from '../user-error.js'
import { isLoopbackAddress, parseListenAddress, requireConsentForRemote } from './listen-address.js'

test.each([
  ['127.0.0.1:4140', '127.0.0.1', 4140],
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['localhost:8080', '127.0.0.1', 8080],
  ['[::1]:65535', '::1', 65_535],
  ['0.0.0.0:1', '0.0.0.0', 1],
])('%s is an address and a port', (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port })
})

test.each([
  '',
  '4140',
  ':4140',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:65536',
  '127.0.0.1:-1',
  '127.0.0.1:4e3',
  '127.0.0.1: 80',
  '127.1:80',
  '0x7f000001:80',
  '010.0.0.1:80',
  '::1:80',
  '[::1]',
  '[127.0.0.1]:80',
  '[::1%lo]:80',
  'example.com:80',
  'http://127.0.0.1:80',
  '127.0.0.1:80:80',
])('%j is refused as a mistake of usage, with what would be accepted', (text) => {
  expect(() => parseListenAddress(text)).toThrow(
    expect.objectContaining({
      code: 'ERR_LISTEN_INVALID',
      exitCode: 2,
      suggestions: [expect.stringContaining('--listen 127.0.0.1:0')],
    } satisfies Partial<UserError>),
  )
})

test.each(['127.0.0.1', '127.9.9.9', '::1'])('%s is of this machine alone', (host) => {
  expect(isLoopbackAddress(host)).toBe(true)
  expect(() => requireConsentForRemote({ host, port: 1 }, { allowRemote: false, clientTokens: 0 })).not.toThrow()
})

test.each(['0.0.0.0', '::', '10.0.0.1', '192.168.1.1', '::ffff:10.0.0.1', 'fe80::1'])(
  '%s lets other machines in: only with consent and a token',
  (host) => {
    const consent = (allowRemote: boolean, clientTokens: number) => () =>
      requireConsentForRemote({ host, port: 1 }, { allowRemote, clientTokens })

    for (const refused of [consent(false, 0), consent(true, 0), consent(false, 1)]) {
      expect(refused).toThrow(expect.objectContaining({ code: 'ERR_LISTEN_REMOTE', exitCode: 2 }))
    }
    expect(consent(true, 1)).not.toThrow()
  },
)
