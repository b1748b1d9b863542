import { expect, test } from 'vitest'
import { exampleProfile } from '../../../../test/cli/example-profile.js'
import type { CredentialRecord, ProviderRecord } from '../config/schema.js'
import { applyProviderChange } from './apply-provider-change.js'
import type { ProviderChange } from './provider-change.js'

const THEN = '2026-01-01T00:00:00.000Z'
const NOW = '2026-02-02T00:00:00.000Z'
const stored: CredentialRecord = {
  kept: 'keychain',
  origin: 'https://api.example.com',
  fingerprint: '0123456789abcdef',
  updatedAt: THEN,
}
const record: ProviderRecord = {
  id: 'id',
  name: 'nv',
  type: 'example',
  credentials: { EXAMPLE_API_KEY: stored },
  config: { REGION: 'eu' },
  headers: [['X-Team', 'a']],
  createdAt: THEN,
  updatedAt: THEN,
}
const nothing: ProviderChange = {
  credentials: [],
  headers: [],
  config: new Map(),
  unsetCredentials: [],
  unsetConfig: [],
  movedCredentials: [],
}
const apply = (change: Partial<ProviderChange>, from: Partial<ProviderRecord> = {}) =>
  applyProviderChange(
    { ...record, ...from },
    exampleProfile(),
    { ...nothing, ...change },
    { stored: {}, fingerprint: (value) => value, now: NOW },
  )

test('what a change does not name stays', () => {
  expect(apply({})).toEqual({ ...record, updatedAt: NOW })
})

test('config is merged and unset by key', () => {
  expect(apply({ config: new Map([['ZONE', 'a']]), unsetConfig: ['REGION'] }).config).toEqual({ ZONE: 'a' })
})

test('a new base URL leaves the credential bound to the old origin', () => {
  const changed = apply({ config: new Map([['EXAMPLE_BASE_URL', 'https://elsewhere.example.org/v1']]) })

  expect(changed.credentials['EXAMPLE_API_KEY']).toEqual(stored)
})

test('a credential that the user lets go is bound to the new one', () => {
  const changed = apply({
    config: new Map([['EXAMPLE_BASE_URL', 'https://elsewhere.example.org/v1']]),
    movedCredentials: ['EXAMPLE_API_KEY'],
  })

  expect(changed.credentials['EXAMPLE_API_KEY']).toMatchObject({
    origin: 'https://elsewhere.example.org',
    updatedAt: NOW,
  })
})

test('a new base URL replaces one under another key, which would win otherwise', () => {
  const changed = apply(
    { config: new Map([['BASE_URL', 'https://new.example.org']]) },
    { config: { EXAMPLE_BASE_URL: 'https://old.example.org', REGION: 'eu' } },
  )

  expect(changed.config).toEqual({ BASE_URL: 'https://new.example.org', REGION: 'eu' })
})

test('a reference is bound to the origin of the moment', () => {
  expect(apply({ credentials: [{ key: 'K', reference: 'env:K' }] }).credentials['K']).toEqual({
    kept: 'reference',
    reference: 'env:K',
    origin: 'https://api.example.com',
    seal: '["reference","nv","K","env:K","https://api.example.com"]',
    updatedAt: NOW,
  })
})

test('a header replaces the one of its name in any case, and an empty one removes it', () => {
  expect(apply({ headers: [{ kind: 'value', name: 'x-team', value: 'b' }] }).headers).toEqual([['x-team', 'b']])
  expect(apply({ headers: [{ kind: 'removal', name: 'x-team' }] }).headers).toEqual([])
})

test('a secret header is kept as a credential, and removed as one', () => {
  const changed = apply({ headers: [{ kind: 'reference', name: 'X-Team-Token', reference: 'env:T' }] })

  expect(changed.credentials['header.x-team-token']).toMatchObject({ reference: 'env:T' })
  expect(
    apply({ headers: [{ kind: 'removal', name: 'x-team-token' }] }, { credentials: changed.credentials }).credentials,
  ).toEqual({ EXAMPLE_API_KEY: stored })
})

test('keys named like members of every object are ordinary keys', () => {
  const changed = apply({
    config: new Map([
      ['constructor', 'a'],
      ['toString', 'b'],
    ]),
  })

  expect(Object.entries(changed.config)).toEqual([
    ['REGION', 'eu'],
    ['constructor', 'a'],
    ['toString', 'b'],
  ])
})

test.each([
  [
    'credentials',
    { credentials: Array.from({ length: 32 }, (_, index) => ({ key: `K${index}`, reference: 'env:K' })) },
  ],
  ['config keys', { config: new Map(Array.from({ length: 64 }, (_, index) => [`K${index}`, 'v'])) }],
  [
    'headers',
    { headers: Array.from({ length: 32 }, (_, index) => ({ kind: 'value', name: `H${index}`, value: 'v' }) as const) },
  ],
])('refuses more %s than there may be', (what, change) => {
  expect(() => apply(change)).toThrow(
    expect.objectContaining({ code: 'ERR_PROVIDER_LIMIT', message: expect.stringContaining(what) }),
  )
})
