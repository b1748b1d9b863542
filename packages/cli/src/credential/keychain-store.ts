import { openEnvelope, sealEnvelope } from './credential-envelope.js'
import { slotAccount } from './credential-slot.js'
import type { CredentialSlot, CredentialStore, StoredCredential } from './credential-store.js'
import { KeychainConnection } from './keychain-connection.js'
import { keychainError } from './keychain-error.js'
import type { KeychainQuestion } from './keychain-protocol.js'

export interface KeychainStoreOptions {
  /** Looks up an environment variable; only those that lead to the user's session are asked for. */
  readonly environment: (name: string) => string | undefined
  /** Milliseconds for one call; 4,500 where left out. */
  readonly timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 4_500

/** The operating system's keychain, by keytar in a process of its own. Nothing is started before it is used. */
export class KeychainStore implements CredentialStore {
  readonly kind = 'keychain'
  readonly #connection: KeychainConnection
  readonly #timeoutMs: number

  constructor({ environment, timeoutMs = DEFAULT_TIMEOUT_MS }: KeychainStoreOptions) {
    this.#connection = new KeychainConnection(environment, timeoutMs)
    this.#timeoutMs = timeoutMs
  }

  async get(slot: CredentialSlot): Promise<StoredCredential | undefined> {
    const { value } = await this.#ask({ operation: 'get', account: slotAccount(slot) })
    return value === null ? undefined : openEnvelope(value, slot)
  }

  async set(slot: CredentialSlot, credential: StoredCredential): Promise<void> {
    await this.#ask({ operation: 'set', account: slotAccount(slot), value: sealEnvelope(credential) })
  }

  async delete(slot: CredentialSlot): Promise<boolean> {
    return (await this.#ask({ operation: 'delete', account: slotAccount(slot) })).existed
  }

  /** @throws {UserError} `ERR_KEYCHAIN_*` unless the keychain keeps and gives back what it is given. */
  async probe(): Promise<void> {
    await this.#ask({ operation: 'probe' })
  }

  async #ask(question: KeychainQuestion): Promise<{ readonly value: string | null; readonly existed: boolean }> {
    const response = await this.#connection.ask(question)
    if (response.outcome !== 'done') throw keychainError(response, this.#timeoutMs)
    return response
  }
}
