import type { StateDirectory } from '../config/state-directory.js'
import type { CredentialStore } from './credential-store.js'
import { KeychainStore } from './keychain-store.js'
import { SealedFileStore } from './sealed-file-store.js'

export interface CredentialStoreOptions {
  /** Where the sealed file and the choice between the two are kept. */
  readonly directory: StateDirectory
  /** Looks up an environment variable of the user's. */
  readonly environment: (name: string) => string | undefined
  /** Milliseconds for one call of the keychain; 4,500 where left out. */
  readonly keychainTimeoutMs?: number
}

/** Both places. A record says in which one its credential is; nothing is opened before it is used. */
export interface CredentialStores {
  readonly keychain: KeychainStore
  readonly file: CredentialStore
}

export function credentialStores({
  directory,
  environment,
  keychainTimeoutMs,
}: CredentialStoreOptions): CredentialStores {
  return {
    keychain: new KeychainStore({
      environment,
      ...(keychainTimeoutMs === undefined ? {} : { timeoutMs: keychainTimeoutMs }),
    }),
    file: new SealedFileStore({ directory, environment }),
  }
}
