import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { ConfigStore } from '../cluster/config-store.js'
import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import { type CredentialsChange, changeCredentials } from '../credential/change-credentials.js'
import type { CredentialAccess } from '../credential/credential-access.js'
import type { CredentialStore, StoredCredential } from '../credential/credential-store.js'
import { RedactedCredential } from '../credential/redacted-credential.js'
import { UserError } from '../user-error.js'
import { applyProviderChange } from './apply-provider-change.js'
import { originOf, providerBaseUrl } from './base-url.js'
import type { ProviderChange } from './provider-change.js'

/** What it takes to store a provider. */
export interface ProviderStorage {
  readonly store: ConfigStore
  /** Opened once it is certain that something is to be stored: it makes a key of this machine's own. */
  openAccess(): Promise<CredentialAccess>
  /** The store that new values go to; opened only where there is one. */
  openStore(): Promise<CredentialStore>
  /** ISO 8601, UTC. */
  readonly now: () => string
}

export interface StoredProvider {
  readonly record: ProviderRecord
  /** What the user should know beside success, a line each. */
  readonly notices: readonly string[]
}

/**
 * Stores a new provider with its credentials, or nothing at all.
 *
 * @param id - UUID of the new record.
 * @throws {UserError} `ERR_PROVIDER_EXISTS`; `ERR_PROVIDER_LIMIT` (2); those of the stores.
 */
export async function createProvider(
  name: string,
  id: string,
  profile: InferenceProviderProfile,
  change: ProviderChange,
  { store, openAccess, openStore, now }: ProviderStorage,
): Promise<StoredProvider> {
  const createdAt = now()
  const empty: ProviderRecord = {
    id,
    name,
    type: profile.providerType,
    credentials: {},
    config: {},
    headers: [],
    createdAt,
    updatedAt: createdAt,
  }
  const origin = originOf(providerBaseUrl(profile, Object.fromEntries(change.config)))
  const access = await openAccess()
  const { document, notices } = await changeCredentials(
    store,
    {
      provider: name,
      ...(await valuesToPut(change, origin, openStore)),
      change: (current, stored) => {
        refuseExisting(current, name)
        const record = applyProviderChange(empty, profile, change, {
          stored,
          fingerprint: access.fingerprint,
          now: createdAt,
        })
        return { ...current, providers: { ...current.providers, [name]: record } }
      },
    },
    access,
  )
  return { record: document.providers[name]!, notices }
}

/** @throws {UserError} `ERR_PROVIDER_EXISTS`. */
export function refuseExisting({ providers }: ConfigDocument, name: string): void {
  if (!Object.hasOwn(providers, name)) return
  const change = `Change it: nemoclaw provider update ${name}`
  throw new UserError('ERR_PROVIDER_EXISTS', `provider '${name}' already exists. ${change}`, { suggestions: [change] })
}

/** The values of a change, bound to an origin, with the store they go to. */
export async function valuesToPut(
  { credentials }: Pick<ProviderChange, 'credentials'>,
  origin: string,
  openStore: () => Promise<CredentialStore>,
): Promise<Pick<CredentialsChange, 'put'>> {
  const values = new Map<string, StoredCredential>(
    credentials.flatMap((credential) =>
      'value' in credential
        ? [[credential.key, new RedactedCredential({ origin, value: credential.value.reveal() })] as const]
        : [],
    ),
  )
  return values.size === 0 ? {} : { put: { store: await openStore(), values } }
}
