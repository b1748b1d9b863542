import { join } from 'node:path'
import { withFileLock } from '../config/file-lock.js'
import { ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { UserError } from '../user-error.js'
import type { CredentialStore } from './credential-store.js'
import { type CredentialStoreOptions, type CredentialStores, credentialStores } from './credential-stores.js'
import { readStoreChoice, type StoreChoice, writeStoreChoice } from './store-choice.js'

export interface OpenedCredentialStore {
  /** Where new credentials go. */
  readonly store: CredentialStore
  readonly stores: CredentialStores
  readonly choice: StoreChoice
  /** What the user has to be told now: a choice just made, or one overridden. */
  readonly notice?: string
}

/**
 * Decides where new credentials go: `NEMOCLAW_CREDENTIAL_STORE`, else what was chosen before, else the keychain where
 * it answers, else the sealed file. A first choice is remembered, and never changed behind the user's back.
 *
 * Only for a command that stores one; to read, a record says where its credential is (`credentialStores`).
 *
 * @throws {UserError} `ERR_CREDENTIAL_STORE_UNKNOWN` (exit code 2). `ERR_KEYCHAIN_LOCKED` and `ERR_KEYCHAIN_TIMEOUT` at
 *   a first choice: there is a keychain then, and leaving it for a file for good is the user's decision.
 *   `ERR_CREDENTIAL_STORE_CHOICE`, `ERR_STATE_DIRECTORY_UNSAFE`, `ERR_CONFIG_UNWRITABLE`.
 */
export async function openCredentialStore(options: CredentialStoreOptions): Promise<OpenedCredentialStore> {
  const stores = credentialStores(options)
  const byHand = chosenByHand(options.environment)
  const remembered = readStoreChoice(options.directory)
  if (remembered === undefined) return firstChoice(options, stores, byHand)
  if (byHand === undefined || byHand.kind === remembered.kind) return opened(stores, remembered)
  return opened(
    stores,
    byHand,
    `NEMOCLAW_CREDENTIAL_STORE sends this credential to the ${describe(byHand)}; others go to the ${describe(remembered)}.`,
  )
}

function chosenByHand(environment: (name: string) => string | undefined): StoreChoice | undefined {
  const kind = environment('NEMOCLAW_CREDENTIAL_STORE')
  if (!kind) return undefined
  if (kind === 'keychain' || kind === 'file') return { kind, because: 'NEMOCLAW_CREDENTIAL_STORE says so' }
  throw new UserError(
    'ERR_CREDENTIAL_STORE_UNKNOWN',
    `NEMOCLAW_CREDENTIAL_STORE is ${JSON.stringify(kind.slice(0, 40))}`,
    {
      suggestions: ['Set it to keychain or to file, or leave it out.'],
      exitCode: 2,
    },
  )
}

async function firstChoice(
  { directory, environment }: CredentialStoreOptions,
  stores: CredentialStores,
  byHand: StoreChoice | undefined,
): Promise<OpenedCredentialStore> {
  const choice = byHand ?? (await probe(stores))
  ensureStateDirectory(directory)
  const lock = {
    path: join(directory.path, 'credential-store.lock'),
    shownAs: directory.shownAs,
    lockedCode: 'ERR_CREDENTIAL_STORE_CHOICE',
    unwritableCode: 'ERR_CREDENTIAL_STORE_CHOICE',
  }
  return withFileLock(lock, () => {
    const madeMeanwhile = readStoreChoice(directory)
    if (madeMeanwhile !== undefined) return opened(stores, byHand ?? madeMeanwhile)
    writeStoreChoice(directory, choice)
    return opened(stores, choice, announce(choice, directory, environment))
  })
}

async function probe(stores: CredentialStores): Promise<StoreChoice> {
  try {
    await stores.keychain.probe()
    return { kind: 'keychain', because: 'it answers' }
  } catch (error) {
    if (error instanceof UserError && error.code === 'ERR_KEYCHAIN_UNAVAILABLE') {
      return { kind: 'file', because: error.message }
    }
    throw error
  }
}

function announce(
  { kind, because }: StoreChoice,
  directory: StateDirectory,
  environment: (name: string) => string | undefined,
): string {
  if (kind === 'keychain') return `Credentials are kept in the keychain (${because}).`
  const file = join(directory.shownAs, 'credentials.sealed')
  const key = environment('NEMOCLAW_PASSPHRASE')
    ? 'with NEMOCLAW_PASSPHRASE'
    : `with the key file ${join(directory.shownAs, 'credentials.key')} beside it: whoever can read both has the credentials (set NEMOCLAW_PASSPHRASE first for a passphrase)`
  return `Credentials are kept in ${file}, encrypted ${key}. Why not the keychain: ${because}.`
}

function describe({ kind }: StoreChoice): string {
  return kind === 'keychain' ? 'keychain' : 'sealed file'
}

function opened(stores: CredentialStores, choice: StoreChoice, notice?: string): OpenedCredentialStore {
  return { store: stores[choice.kind], stores, choice, ...(notice === undefined ? {} : { notice }) }
}
