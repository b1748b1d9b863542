import { expect, test } from 'vitest'
import { exampleProfile } from '../../../../test/cli/example-profile.js'
import { baseUrlKey, originOf, providerBaseUrl } from './base-url.js'

test("a provider is where its config says, by the first of the profile's keys, else where its type is", () => {
  const profile = exampleProfile({ baseUrlConfigKeys: ['A_URL', 'B_URL'], defaultBaseUrl: 'https://default/v1' })

  expect(providerBaseUrl(profile)).toBe('https://default/v1')
  expect(providerBaseUrl(profile, { B_URL: 'https://b' })).toBe('https://b')
  expect(providerBaseUrl(profile, { B_URL: 'https://b', A_URL: 'https://a' })).toBe('https://a')
  expect(providerBaseUrl(profile, { BASE_URL: 'https://c' })).toBe('https://c')
})

test("--base-url is kept under the profile's first key, or under BASE_URL", () => {
  expect(baseUrlKey(exampleProfile({ baseUrlConfigKeys: ['A_URL'] }))).toBe('A_URL')
  expect(baseUrlKey(exampleProfile({ baseUrlConfigKeys: [] }))).toBe('BASE_URL')
})

test('an origin leaves a default port out', () => {
  expect(originOf('https://example.com:443/v1')).toBe('https://example.com')
  expect(originOf('http://127.0.0.1:8000/v1')).toBe('http://127.0.0.1:8000')
})
