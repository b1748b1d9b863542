import type { CredentialRecord } from '../config/schema.js'
import type { CredentialSlot, CredentialStore, StoredCredential } from './credential-store.js'
import type { Fingerprint } from './fingerprint.js'

/** A record whose value we keep ourselves. */
export type KeptRecord = Extract<CredentialRecord, { readonly kept: 'keychain' | 'file' }>

/** Where a new value waits until the configuration names it. No key that a user can type has a `#`. */
export function stagedSlot({ provider, key }: CredentialSlot): CredentialSlot {
  return { provider, key: `${key}#next` }
}

/**
 * The value that a record means: the slot's, or the staged one where a change was cut off between the configuration
 * and the slot. A value that was changed in the keychain by other means counts, if it is for the same origin.
 */
export async function readRecorded(
  store: CredentialStore,
  slot: CredentialSlot,
  record: KeptRecord,
  fingerprint: Fingerprint,
): Promise<{ readonly credential: StoredCredential; readonly staged: boolean } | undefined> {
  const isMeant = (credential: StoredCredential | undefined): credential is StoredCredential =>
    credential !== undefined &&
    fingerprint(credential.value) === record.fingerprint &&
    credential.origin === record.origin

  const current = await store.get(slot)
  if (isMeant(current)) return { credential: current, staged: false }
  const staged = await store.get(stagedSlot(slot))
  if (isMeant(staged)) return { credential: staged, staged: true }
  return current === undefined ? undefined : { credential: current, staged: false }
}
