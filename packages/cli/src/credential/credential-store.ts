/** Which secret: account `provider/<provider>/<key>` of service `nemoclaw`. */
export interface CredentialSlot {
  readonly provider: string
  readonly key: string
}

/** A secret with the one origin (scheme://host:port) it may be sent to. */
export interface StoredCredential {
  readonly origin: string
  readonly value: string
}

/** Where secrets are kept at rest. */
export interface CredentialStore {
  readonly kind: 'keychain' | 'file'
  /** @returns `undefined` where nothing is stored. @throws {UserError} `ERR_KEYCHAIN_*`, `ERR_SEALED_FILE_*`. */
  get(slot: CredentialSlot): Promise<StoredCredential | undefined>
  set(slot: CredentialSlot, credential: StoredCredential): Promise<void>
  /** @returns whether something was there. */
  delete(slot: CredentialSlot): Promise<boolean>
}
