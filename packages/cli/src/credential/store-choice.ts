import { join } from 'node:path'
import { readStateFile } from '../config/read-state-file.js'
import { checkStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { writeFileAtomically } from '../config/write-file-atomically.js'
import { UserError } from '../user-error.js'

/** Which store new credentials go to on this machine, and how that came about. */
export interface StoreChoice {
  readonly kind: 'keychain' | 'file'
  /** For `doctor` and `provider get`, e.g. `no keychain can be used: there is no D-Bus session`. */
  readonly because: string
}

const FILE = 'credential-store.json'

/**
 * What was chosen before, or `undefined`.
 *
 * @throws {UserError} `ERR_CREDENTIAL_STORE_CHOICE` where the file that remembers it is damaged or not to be trusted.
 */
export function readStoreChoice(directory: StateDirectory): StoreChoice | undefined {
  if (!checkStateDirectory(directory)) return undefined
  const shownAs = join(directory.shownAs, FILE)
  const content = readStateFile({
    path: join(directory.path, FILE),
    shownAs,
    unreadableCode: 'ERR_CREDENTIAL_STORE_CHOICE',
    maximumBytes: 4096,
    readableBy: 'anybody',
  })
  if (content === undefined) return undefined
  const choice = parse(content.toString('utf8'))
  if (choice !== undefined) return choice
  throw new UserError('ERR_CREDENTIAL_STORE_CHOICE', `${shownAs} is damaged`, {
    suggestions: [`Remove it, and say where credentials go: rm ${shownAs}; export NEMOCLAW_CREDENTIAL_STORE=keychain`],
  })
}

/** Remembers the choice. Call it under a lock. */
export function writeStoreChoice(directory: StateDirectory, { kind, because }: StoreChoice): void {
  try {
    writeFileAtomically(join(directory.path, FILE), Buffer.from(`${JSON.stringify({ v: 1, kind, because })}\n`))
  } catch (error) {
    throw storageError('ERR_CREDENTIAL_STORE_CHOICE', 'cannot write', join(directory.shownAs, FILE), error)
  }
}

function parse(text: string): StoreChoice | undefined {
  try {
    const { kind, because } = JSON.parse(text) as StoreChoice
    return (kind === 'keychain' || kind === 'file') && typeof because === 'string' ? { kind, because } : undefined
  } catch {
    return undefined
  }
}
