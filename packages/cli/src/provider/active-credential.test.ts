import { expect, test } from 'vitest'
import { exampleProfile } from '../../../../test/cli/example-profile.js'
import type { CredentialRecord } from '../config/schema.js'
import { activeCredentialKey } from './active-credential.js'

const record: CredentialRecord = {
  kept: 'reference',
  reference: 'env:X',
  origin: 'https://x',
  seal: '',
  updatedAt: 'now',
}
const active = (...keys: string[]) =>
  activeCredentialKey(exampleProfile({ credentialKeyNames: ['FIRST', 'SECOND'] }), {
    credentials: Object.fromEntries(keys.map((key) => [key, record])),
  })

test('the first key that the profile names wins', () => {
  expect(active('SECOND', 'OTHER', 'FIRST')).toBe('FIRST')
  expect(active('SECOND', 'OTHER')).toBe('SECOND')
})

test('a key of another name is used where there is no better one', () => {
  expect(active('ZULU', 'ALPHA')).toBe('ALPHA')
})

test("a header's credential does not prove us", () => {
  expect(active('header.x-team-token')).toBeUndefined()
})

test('a provider without credentials has none', () => {
  expect(active()).toBeUndefined()
})
