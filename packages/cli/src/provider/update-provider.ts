import { Credential } from '@nemoclaw/proxy-core/control-plane'
import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { ProviderRecord } from '../config/schema.js'
import { changeCredentials } from '../credential/change-credentials.js'
import type { CredentialAccess } from '../credential/credential-access.js'
import { resolveCredential } from '../credential/resolve-credential.js'
import { UserError } from '../user-error.js'
import { applyProviderChange, changedConfig } from './apply-provider-change.js'
import { originOf, providerBaseUrl } from './base-url.js'
import type { NewCredential } from './collect-credentials.js'
import { type ProviderStorage, type StoredProvider, valuesToPut } from './create-provider.js'
import type { ProviderChange } from './provider-change.js'
import { requireProvider } from './require-provider.js'

/** Between the look at the record and the write, another process changed it. */
class Overtaken extends Error {}

const MAX_ATTEMPTS = 100

/**
 * Merges a change into a stored provider: what it does not name stays, and nothing is lost where it fails.
 *
 * @throws {UserError} `ERR_PROVIDER_NOT_FOUND`, `ERR_PROVIDER_UNSET_UNKNOWN`, `ERR_CONFIG_CONFLICT`;
 *   `ERR_PROVIDER_LIMIT` (2); those of the stores.
 */
export async function updateProvider(
  name: string,
  profile: InferenceProviderProfile,
  change: ProviderChange,
  storage: ProviderStorage,
): Promise<StoredProvider> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    try {
      return await updateOnce(name, profile, change, storage)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
    }
  }
  throw new UserError('ERR_CONFIG_CONFLICT', `other processes keep changing provider '${name}'`, {
    suggestions: ['Try again.'],
  })
}

async function updateOnce(
  name: string,
  profile: InferenceProviderProfile,
  change: ProviderChange,
  { store, openAccess, openStore, now }: ProviderStorage,
): Promise<StoredProvider> {
  const seen = requireProvider(await store.read(), name)
  refuseUnknownUnsets(seen, change)
  const origin = originAfter(seen, profile, change)
  const access = await openAccess()
  const moved = await valuesOf(seen, change.movedCredentials, access)
  const credentials = [...change.credentials, ...moved]
  const { document, notices } = await changeCredentials(
    store,
    {
      provider: name,
      ...(await valuesToPut({ credentials }, origin, openStore)),
      change: (current, stored) => {
        const record = requireProvider(current, name)
        // The values are bound to an origin already, and the user was asked about these credentials, not others.
        if (record.id !== seen.id || record.updatedAt !== seen.updatedAt) throw new Overtaken()
        const changed = applyProviderChange(record, profile, change, {
          stored,
          fingerprint: access.fingerprint,
          now: now(),
        })
        return { ...current, providers: { ...current.providers, [name]: changed } }
      },
    },
    access,
  )
  return { record: document.providers[name]!, notices }
}

/** Where requests will go after a change. */
export function originAfter(
  record: ProviderRecord,
  profile: InferenceProviderProfile,
  change: Pick<ProviderChange, 'config' | 'unsetConfig'>,
): string {
  return originOf(providerBaseUrl(profile, changedConfig(record.config, profile, change)))
}

/** The credentials that a record would still have after a change, but could not use: they are bound elsewhere. */
export function strandedCredentials(
  record: ProviderRecord,
  origin: string,
  change: Pick<ProviderChange, 'credentials' | 'unsetCredentials'>,
): readonly string[] {
  const replaced = new Set([...change.credentials.map(({ key }) => key), ...change.unsetCredentials])
  return Object.entries(record.credentials)
    .filter(([key, credential]) => credential.origin !== origin && !replaced.has(key))
    .map(([key]) => key)
}

/** The values of kept credentials; a reference moves with its record alone. */
async function valuesOf(
  record: ProviderRecord,
  keys: readonly string[],
  access: CredentialAccess,
): Promise<readonly NewCredential[]> {
  const values: NewCredential[] = []
  for (const key of keys) {
    const credential = record.credentials[key]
    if (credential === undefined || credential.kept === 'reference') continue
    const { value } = await resolveCredential(record, key, credential.origin, access)
    values.push({ key, value: new Credential(value) })
  }
  return values
}

function refuseUnknownUnsets(record: ProviderRecord, { unsetConfig, unsetCredentials }: ProviderChange): void {
  const config = unsetConfig.find((key) => !Object.hasOwn(record.config, key))
  const credential = unsetCredentials.find((key) => !Object.hasOwn(record.credentials, key))
  if (config === undefined && credential === undefined) return
  const what = config === undefined ? `credential ${credential}` : `config key ${config}`
  throw new UserError('ERR_PROVIDER_UNSET_UNKNOWN', `provider '${record.name}' has no ${what}`, {
    suggestions: [`See what it has: nemoclaw provider get ${record.name}`],
  })
}
