import type { ProviderRecord } from '../../packages/cli/src/config/schema.js'

export function providerRecord(name: string): ProviderRecord {
  const now = '2026-01-31T12:00:00.000Z'
  return {
    id: `id-${name}`,
    name,
    type: 'mock',
    credentials: {},
    config: {},
    headers: [],
    createdAt: now,
    updatedAt: now,
  }
}
