import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import { MAX_CONFIG_KEYS, MAX_CREDENTIALS, MAX_HEADERS } from '../config/limits.js'
import type { CredentialRecord, ProviderRecord } from '../config/schema.js'
import type { Fingerprint } from '../credential/fingerprint.js'
import { referenceSeal } from '../credential/reference-seal.js'
import type { CredentialRecords } from '../credential/settle-credentials.js'
import { isBaseUrlKey, originOf, providerBaseUrl } from './base-url.js'
import { headerCredentialKey } from './header-credential.js'
import type { ProviderChange } from './provider-change.js'
import { usageError } from './usage-error.js'

export interface ApplyProviderChangeOptions {
  /** Records of the values that the store keeps, by key. */
  readonly stored: CredentialRecords
  readonly fingerprint: Fingerprint
  /** ISO 8601, UTC. */
  readonly now: string
}

/**
 * A provider record after a change. Pure. A credential stays bound to the origin it was entered for, so a new base URL
 * does not take it along unless the change says so.
 *
 * @throws {UserError} `ERR_PROVIDER_LIMIT` (2).
 */
export function applyProviderChange(
  record: ProviderRecord,
  profile: InferenceProviderProfile,
  change: ProviderChange,
  { stored, fingerprint, now }: ApplyProviderChangeOptions,
): ProviderRecord {
  const config = changedConfig(record.config, profile, change)
  const origin = originOf(providerBaseUrl(profile, config))
  const referenceRecord = (provider: string, key: string, reference: string) => {
    const seal = referenceSeal(provider, key, { reference, origin }, fingerprint)
    return { kept: 'reference', reference, origin, seal, updatedAt: now } as const
  }
  const references = newReferences(change).map(
    ([key, reference]) => [key, referenceRecord(record.name, key, reference)] as const,
  )
  const moved = change.movedCredentials.flatMap((key) => {
    const credential = record.credentials[key]
    if (credential === undefined) return []
    const moved =
      credential.kept === 'reference'
        ? referenceRecord(record.name, key, credential.reference)
        : { ...credential, origin, updatedAt: now }
    return [[key, moved] as const]
  })
  const changed = {
    ...record,
    config,
    headers: changedHeaders(record.headers, change),
    credentials: {
      ...without(record.credentials, [...change.unsetCredentials, ...droppedHeaderCredentials(change)]),
      ...(Object.fromEntries(moved) satisfies Record<string, CredentialRecord>),
      ...(Object.fromEntries(references) satisfies Record<string, CredentialRecord>),
      ...stored,
    },
    updatedAt: now,
  }
  checkLimits(changed)
  return changed
}

/** The config after a change: a base URL replaces the one under another key, or that could still win. */
export function changedConfig(
  config: ProviderRecord['config'],
  profile: InferenceProviderProfile,
  change: Pick<ProviderChange, 'config' | 'unsetConfig'>,
): ProviderRecord['config'] {
  const setsBaseUrl = [...change.config.keys()].some((key) => isBaseUrlKey(profile, key))
  const replaced = setsBaseUrl ? Object.keys(config).filter((key) => isBaseUrlKey(profile, key)) : []
  return { ...without(config, [...change.unsetConfig, ...replaced]), ...Object.fromEntries(change.config) }
}

function newReferences({ credentials, headers }: ProviderChange): readonly (readonly [string, string])[] {
  return [
    ...credentials.flatMap((credential) =>
      'reference' in credential ? [[credential.key, credential.reference] as const] : [],
    ),
    ...headers.flatMap((header) =>
      header.kind === 'reference' ? [[headerCredentialKey(header.name), header.reference] as const] : [],
    ),
  ]
}

function droppedHeaderCredentials({ headers }: ProviderChange): readonly string[] {
  return headers.filter(({ kind }) => kind === 'removal').map(({ name }) => headerCredentialKey(name))
}

function changedHeaders(headers: ProviderRecord['headers'], change: ProviderChange): ProviderRecord['headers'] {
  const named = new Set(change.headers.map(({ name }) => name.toLowerCase()))
  return [
    ...headers.filter(([name]) => !named.has(name.toLowerCase())),
    ...change.headers.flatMap((header) => (header.kind === 'value' ? [[header.name, header.value] as const] : [])),
  ]
}

function without<Value>(record: Readonly<Record<string, Value>>, keys: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)))
}

function checkLimits({ credentials, config, headers }: ProviderRecord): void {
  const counts = [
    ['credentials', Object.keys(credentials).length, MAX_CREDENTIALS],
    ['config keys', Object.keys(config).length, MAX_CONFIG_KEYS],
    ['headers', headers.length, MAX_HEADERS],
  ] as const
  for (const [what, count, most] of counts) {
    if (count > most) {
      throw usageError('ERR_PROVIDER_LIMIT', `a provider has at most ${most} ${what}, and this would make ${count}`)
    }
  }
}
