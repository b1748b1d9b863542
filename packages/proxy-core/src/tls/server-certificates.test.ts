import { expect, test } from 'vitest'
import { issueAuthority } from './certificate-authority.js'
import { ServerCertificates } from './server-certificates.js'

const DAY_MS = 86_400_000
const START = new Date('2026-01-01T00:00:00Z')
const authority = await issueAuthority({ now: START })
const daysLater = (days: number) => new Date(START.getTime() + days * DAY_MS)

test('one context serves every connection until the leaf has 30 days left, and then another does', async () => {
  let now = START
  const certificates = await ServerCertificates.issuedBy(authority, { now: () => now })
  const first = certificates.secureContext

  now = daysLater(59.9)
  expect(certificates.secureContext).toBe(first)

  now = daysLater(60)
  const second = certificates.secureContext
  expect(second).not.toBe(first)
  expect(certificates.secureContext).toBe(second)

  now = daysLater(120)
  expect(certificates.secureContext).not.toBe(second)
})

test('a leaf that has ended while the machine slept is replaced before it is shown', async () => {
  let now = START
  const certificates = await ServerCertificates.issuedBy(authority, { now: () => now })
  const first = certificates.secureContext

  now = daysLater(365)

  expect(certificates.secureContext).not.toBe(first)
})

test('a leaf that ends with its authority is not replaced by one that ends no later', async () => {
  let now = daysLater(3600)
  const certificates = await ServerCertificates.issuedBy(authority, { now: () => now })
  const last = certificates.secureContext

  now = daysLater(3650)

  expect(certificates.secureContext).toBe(last)
})
