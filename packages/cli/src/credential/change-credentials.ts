import { join } from 'node:path'
import type { ConfigStore } from '../cluster/config-store.js'
import { withFileLock } from '../config/file-lock.js'
import type { ConfigDocument, CredentialRecord } from '../config/schema.js'
import { ensureStateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import type { CredentialAccess } from './credential-access.js'
import type { CredentialStore, StoredCredential } from './credential-store.js'
import { credentialValueViolation } from './credential-value.js'
import { type CredentialRecords, settleCredentials } from './settle-credentials.js'
import { readRecorded, stagedSlot } from './staged-slot.js'

/** A change of one provider's credentials together with its record. */
export interface CredentialsChange {
  readonly provider: string
  /** New and rotated values by key, and the store they go to. */
  readonly put?: { readonly store: CredentialStore; readonly values: ReadonlyMap<string, StoredCredential> }
  /** The configuration that results; `records` are for the keys of `put`. Throwing leaves everything as it was. */
  readonly change: (
    current: ConfigDocument,
    records: CredentialRecords,
  ) => Omit<ConfigDocument, 'version' | 'schemaVersion'>
}

/** All of `CredentialAccess` that is needed here. */
type Access = Omit<CredentialAccess, 'references'>

/**
 * Changes credentials and configuration as one: whenever it is cut off, the configuration and the value it means are
 * both the old ones or both the new ones.
 *
 * New values are staged beside the old ones; then the configuration is updated, and that decides; only then staged
 * values take the place of the old, and values that the configuration no longer names are deleted. Until then a reader
 * finds a staged value by its fingerprint (`readRecorded`). Creating, rotating, unsetting a key and deleting a provider
 * are all this.
 *
 * @returns The stored configuration, and what could not be tidied up, for the user.
 * @throws {UserError} `ERR_CREDENTIALS_LOCKED`, `ERR_CREDENTIAL_INVALID`, those of the stores and of the configuration;
 *   whatever `change` throws. Nothing is changed then.
 */
export async function changeCredentials(
  config: ConfigStore,
  change: CredentialsChange,
  access: Access,
): Promise<{ readonly document: ConfigDocument; readonly notices: readonly string[] }> {
  refuseInvalid(change)
  ensureStateDirectory(access.directory)
  const lock = {
    // Another lock than those of the configuration and of the sealed file, which are taken inside of this one.
    path: join(access.directory.path, 'provider-credentials.lock'),
    shownAs: `${access.directory.shownAs} (credentials)`,
    lockedCode: 'ERR_CREDENTIALS_LOCKED',
    unwritableCode: 'ERR_CONFIG_UNWRITABLE',
  }
  return withFileLock(lock, async () => {
    const before = recordsOf(await config.read(), change.provider)
    await finishInterrupted(before, change, access)
    const document = await stageAndCommit(config, change, access)
    const after = recordsOf(document, change.provider)
    return { document, notices: await settleCredentials(before, after, change, access.stores) }
  })
}

function recordsOf({ providers }: ConfigDocument, provider: string): CredentialRecords {
  return (Object.hasOwn(providers, provider) ? providers[provider]?.credentials : undefined) ?? {}
}

/** What an earlier change staged, and the configuration means, must not be staged over. */
async function finishInterrupted(
  before: CredentialRecords,
  { provider, put }: CredentialsChange,
  access: Access,
): Promise<void> {
  for (const key of put?.values.keys() ?? []) {
    const record = Object.hasOwn(before, key) ? before[key] : undefined
    // In another store nothing is staged over, and a store that is gone must not keep the user from using this one.
    if (put === undefined || record === undefined || record.kept !== put.store.kind) continue
    const slot = { provider, key }
    const found = await readRecorded(put.store, slot, record, access.fingerprint).catch(undefinedIfUnbound)
    if (found?.staged === true) await put.store.set(slot, found.credential)
  }
}

async function stageAndCommit(
  config: ConfigStore,
  { provider, put, change }: CredentialsChange,
  { fingerprint }: Access,
): Promise<ConfigDocument> {
  const records: Record<string, CredentialRecord> = {}
  const updatedAt = new Date().toISOString()
  try {
    for (const [key, credential] of put?.values ?? []) {
      await put?.store.set(stagedSlot({ provider, key }), credential)
      const kept = put?.store.kind ?? 'file'
      records[key] = { kept, origin: credential.origin, fingerprint: fingerprint(credential.value), updatedAt }
    }
    return await config.update((current) => change(current, records))
  } catch (error) {
    for (const key of Object.keys(records)) {
      // The first error is the one to tell; a staged value that nothing names is of no use to anybody.
      await put?.store.delete(stagedSlot({ provider, key })).catch(() => false)
    }
    throw error
  }
}

function refuseInvalid({ put }: CredentialsChange): void {
  for (const [key, { value }] of put?.values ?? []) {
    const violation = credentialValueViolation(value)
    if (violation === undefined) continue
    throw new UserError('ERR_CREDENTIAL_INVALID', `the value for ${key} ${violation}`, {
      suggestions: ['It has to be the bare key, on one line.'],
      exitCode: 2,
    })
  }
}

/** A bare value that somebody put into the slot is what is about to be replaced. */
function undefinedIfUnbound(error: unknown): undefined {
  if (error instanceof UserError && error.code === 'ERR_CREDENTIAL_UNBOUND') return undefined
  throw error
}
