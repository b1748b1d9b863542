import type { PeerCertificate } from 'node:tls'
import { expect, test } from 'vitest'
import { checkServerIdentity } from './check-server-identity.js'

const certificate = (subjectaltname?: string) =>
  ({ subject: { CN: 'api.example.com' }, ...(subjectaltname && { subjectaltname }) }) as PeerCertificate

test('a certificate that lists the host is for the host', () => {
  expect(
    checkServerIdentity('api.example.com', certificate('DNS:other.example.com, DNS:api.example.com')),
  ).toBeUndefined()
  expect(checkServerIdentity('api.example.com', certificate('DNS:*.example.com'))).toBeUndefined()
  expect(checkServerIdentity('192.0.2.1', certificate('IP Address:192.0.2.1'))).toBeUndefined()
})

test.each([
  ['no names', undefined],
  ['another name', 'DNS:other.example.com'],
  ['only an address', 'IP Address:192.0.2.1'],
  ['only a URI', 'URI:https://api.example.com'],
  ['a deeper wildcard', 'DNS:*.api.example.com'],
])('a certificate with %s is not, whatever its common name', (_what, names) => {
  expect(checkServerIdentity('api.example.com', certificate(names))).toBeInstanceOf(Error)
})
