import { issueAuthority } from '@nemoclaw/proxy-core/tls'
import { expect, test } from 'vitest'
import { authorityAge } from './authority-age.js'

const authority = await issueAuthority({ now: new Date('2026-01-10T00:00:00Z') })

test.each([
  ['2026-01-06T23:59:59Z', 'not_yet_valid'],
  ['2026-01-07T00:00:00Z', 'fresh'],
  ['2035-12-10T23:59:59Z', 'fresh'],
  ['2035-12-11T00:00:00Z', 'ending'],
  ['2040-01-01T00:00:00Z', 'ending'],
])('an authority of 10 January 2026 is, on %s, %s', (now, age) => {
  expect(authorityAge(authority, new Date(now))).toBe(age)
})
