import { KEY_PATTERN, PROVIDER_NAME_PATTERN } from '../config/limits.js'
import type { CredentialSlot } from './credential-store.js'

/** Service name of every keychain item of ours. */
export const KEYCHAIN_SERVICE = 'nemoclaw'

/**
 * The account under which a slot is kept, in the keychain and in the sealed file.
 *
 * @throws {Error} where the slot was not checked before: another account than the one meant would be read.
 */
export function slotAccount({ provider, key }: CredentialSlot): string {
  // A staged slot is not a key that a user can type: see `change-credentials.ts`.
  if (!PROVIDER_NAME_PATTERN.test(provider) || !KEY_PATTERN.test(key.replace(/#next$/, ''))) {
    throw new Error('A credential slot needs a valid provider name and key.')
  }
  return `provider/${provider}/${key}`
}
