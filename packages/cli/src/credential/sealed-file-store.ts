import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type FileLock, withFileLock } from '../config/file-lock.js'
import { readStateFile } from '../config/read-state-file.js'
import { checkStateDirectory, ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { writeFileAtomically } from '../config/write-file-atomically.js'
import { UserError } from '../user-error.js'
import { openEnvelope, sealEnvelope } from './credential-envelope.js'
import { slotAccount } from './credential-slot.js'
import type { CredentialSlot, CredentialStore, StoredCredential } from './credential-store.js'
import { ensureKeyFile, type KeyFile, readKeyFile } from './key-file.js'
import { deriveKey, SCRYPT_COST, seal, unseal } from './seal.js'
import { parseSealed, type SealedDocument, type SealedKeySource, serialiseSealed } from './sealed-document.js'

export interface SealedFileStoreOptions {
  readonly directory: StateDirectory
  /** Looks up `NEMOCLAW_PASSPHRASE` when it is needed. */
  readonly environment: (name: string) => string | undefined
}

const FILE = 'credentials.sealed'
const MAX_FILE_BYTES = 16 * 1024 * 1024
const CHECK = 'nemoclaw sealed credentials'

/**
 * Credentials in one encrypted file, mode 0600. Its key comes from `NEMOCLAW_PASSPHRASE` where that was set when the
 * file was made, else from a key file beside it.
 */
export class SealedFileStore implements CredentialStore {
  readonly kind = 'file'
  readonly #directory: StateDirectory
  readonly #environment: (name: string) => string | undefined
  readonly #shownAs: string
  /** The derived key with what it was derived from: scrypt takes 0.4 s, once per process. */
  #opened: { readonly from: string; readonly key: Buffer } | undefined

  constructor({ directory, environment }: SealedFileStoreOptions) {
    this.#directory = directory
    this.#environment = environment
    this.#shownAs = join(directory.shownAs, FILE)
  }

  async get(slot: CredentialSlot): Promise<StoredCredential | undefined> {
    const account = slotAccount(slot)
    const document = this.#read()
    const sealed = document?.slots[account]
    if (document === undefined || sealed === undefined) return undefined
    const envelope = unseal(await this.#key(document), context(account), sealed)
    if (envelope === undefined) throw this.#corrupt()
    return openEnvelope(envelope, slot)
  }

  async set(slot: CredentialSlot, credential: StoredCredential): Promise<void> {
    const account = slotAccount(slot)
    await this.#locked(async () => {
      const document = this.#read() ?? (await this.#newDocument())
      const sealed = seal(await this.#key(document), context(account), sealEnvelope(credential))
      this.#write({ ...document, slots: { ...document.slots, [account]: sealed } })
    })
  }

  async delete(slot: CredentialSlot): Promise<boolean> {
    const account = slotAccount(slot)
    if (!checkStateDirectory(this.#directory)) return false
    return this.#locked(() => {
      const document = this.#read()
      if (document?.slots[account] === undefined) return false
      const { [account]: _deleted, ...slots } = document.slots
      this.#write({ ...document, slots })
      return true
    })
  }

  #locked<Result>(action: () => Promise<Result> | Result): Promise<Result> {
    ensureStateDirectory(this.#directory)
    const lock: FileLock = {
      path: join(this.#directory.path, 'credentials.lock'),
      shownAs: this.#shownAs,
      lockedCode: 'ERR_SEALED_FILE_LOCKED',
      unwritableCode: 'ERR_SEALED_FILE_UNWRITABLE',
    }
    return withFileLock(lock, action)
  }

  #read(): SealedDocument | undefined {
    if (!checkStateDirectory(this.#directory)) return undefined
    const content = readStateFile({
      path: join(this.#directory.path, FILE),
      shownAs: this.#shownAs,
      unreadableCode: 'ERR_SEALED_FILE_UNREADABLE',
      maximumBytes: MAX_FILE_BYTES,
      readableBy: 'nobody',
    })
    if (content === undefined) return undefined
    const document = parseSealed(content)
    if (document === undefined) throw this.#corrupt()
    return document
  }

  #write(document: SealedDocument): void {
    try {
      writeFileAtomically(join(this.#directory.path, FILE), serialiseSealed(document))
    } catch (error) {
      throw storageError('ERR_SEALED_FILE_UNWRITABLE', 'cannot write', this.#shownAs, error)
    }
  }

  async #newDocument(): Promise<SealedDocument> {
    const salt = randomBytes(16).toString('base64')
    const passphrase = this.#environment('NEMOCLAW_PASSPHRASE')
    if (!passphrase) ensureKeyFile(this.#keyFile())
    const key: SealedKeySource = passphrase
      ? { kind: 'passphrase', cost: SCRYPT_COST, salt }
      : { kind: 'key-file', salt }
    const derived = await this.#derive(key)
    return { v: 1, key, check: seal(derived, context('check'), CHECK), slots: {} }
  }

  async #key(document: SealedDocument): Promise<Buffer> {
    const key = await this.#derive(document.key)
    if (unseal(key, context('check'), document.check) === CHECK) return key
    this.#opened = undefined
    if (document.key.kind === 'key-file') throw this.#keyError(`is not the key of ${this.#shownAs}`)
    throw this.#passphraseError(`NEMOCLAW_PASSPHRASE does not open ${this.#shownAs}`)
  }

  async #derive(source: SealedKeySource): Promise<Buffer> {
    const secret = source.kind === 'key-file' ? this.#keyFileContent() : this.#passphrase()
    const from = JSON.stringify([source, secret.toString('base64')])
    if (this.#opened?.from !== from) this.#opened = { from, key: await deriveKey(source, secret) }
    return this.#opened.key
  }

  #passphrase(): Buffer {
    const passphrase = this.#environment('NEMOCLAW_PASSPHRASE')
    if (passphrase) return Buffer.from(passphrase)
    throw this.#passphraseError(`${this.#shownAs} needs a passphrase, and NEMOCLAW_PASSPHRASE is not set`)
  }

  #keyFile(): KeyFile {
    return {
      directory: this.#directory,
      name: 'credentials.key',
      errorCode: 'ERR_SEALED_FILE_KEY',
      suggestions: [`Bring it back from a copy, or move ${this.#shownAs} away and enter the credentials again.`],
    }
  }

  #keyFileContent(): Buffer {
    const key = readKeyFile(this.#keyFile())
    if (key === undefined) throw this.#keyError('is missing')
    return key
  }

  #keyError(what: string): UserError {
    const { directory, name, errorCode, suggestions } = this.#keyFile()
    return new UserError(errorCode, `${join(directory.shownAs, name)} ${what}`, { suggestions })
  }

  #passphraseError(message: string): UserError {
    return new UserError('ERR_SEALED_FILE_PASSPHRASE', message, {
      suggestions: ['Set the passphrase that it was made with: export NEMOCLAW_PASSPHRASE=...'],
    })
  }

  #corrupt(): UserError {
    return new UserError('ERR_SEALED_FILE_CORRUPT', `${this.#shownAs} is damaged`, {
      suggestions: [
        `Bring it back from a copy, or move it away (mv ${this.#shownAs} ${this.#shownAs}.old) and enter the credentials again.`,
      ],
    })
  }
}

function context(account: string): string {
  return `nemoclaw/1/${account}`
}
