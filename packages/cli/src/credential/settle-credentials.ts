import type { CredentialRecord } from '../config/schema.js'
import { slotAccount } from './credential-slot.js'
import type { CredentialStore, StoredCredential } from './credential-store.js'
import { stagedSlot } from './staged-slot.js'

/** A provider's credential records, by key. */
export type CredentialRecords = Readonly<Record<string, CredentialRecord>>

interface SettledChange {
  readonly provider: string
  readonly put?: { readonly store: CredentialStore; readonly values: ReadonlyMap<string, StoredCredential> }
}

/**
 * Makes the stores say what the configuration already says: staged values take their slots, and what it no longer
 * names is deleted. Nothing is lost where this is cut off or fails.
 *
 * @returns What could not be done, for the user, a line each.
 */
export async function settleCredentials(
  before: CredentialRecords,
  after: CredentialRecords,
  { provider, put }: SettledChange,
  stores: Readonly<Record<'keychain' | 'file', CredentialStore>>,
): Promise<readonly string[]> {
  const notices: string[] = []
  const broken = new Set<CredentialStore>()
  const attempt = async (store: CredentialStore, action: () => Promise<unknown>, otherwise: string): Promise<void> => {
    // A keychain that hangs would hang once per key.
    if (broken.has(store)) return void notices.push(otherwise)
    try {
      await action()
    } catch (error) {
      broken.add(store)
      notices.push(`${otherwise} (${error instanceof Error ? error.message : String(error)})`)
    }
  }

  for (const [key, credential] of put?.values ?? []) {
    const { store } = put as NonNullable<typeof put>
    const promote = async (): Promise<void> => {
      if (Object.hasOwn(after, key)) await store.set({ provider, key }, credential)
      await store.delete(stagedSlot({ provider, key }))
    }
    await attempt(store, promote, `${key} is stored and used, but its staged copy could not be tidied up`)
  }
  for (const [key, record] of Object.entries(before)) {
    if (record.kept === 'reference') continue
    const now = Object.hasOwn(after, key) ? after[key] : undefined
    if (now?.kept === record.kept) continue
    const store = stores[record.kept]
    const remove = async (): Promise<void> => {
      await store.delete({ provider, key })
      await store.delete(stagedSlot({ provider, key }))
    }
    await attempt(store, remove, leftBehind(record.kept, provider, key))
  }
  return notices
}

function leftBehind(kept: 'keychain' | 'file', provider: string, key: string): string {
  const account = slotAccount({ provider, key })
  return kept === 'keychain'
    ? `the old ${key} is still in the keychain; remove it there: service nemoclaw, account ${account}`
    : `the old ${key} is still in the sealed file`
}
