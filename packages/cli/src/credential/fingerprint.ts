import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { withFileLock } from '../config/file-lock.js'
import { checkStateDirectory, ensureStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { ensureKeyFile, type KeyFile, readKeyFile } from './key-file.js'

/** 16 hexadecimal digits that show whether two credentials are the same, and nothing else of them. */
export type Fingerprint = (value: string) => string

/**
 * The fingerprint function of this machine: HMAC-SHA-256 under a key of its own, so that a fingerprint in a log or on
 * another machine cannot be compared with guesses. Makes the key, mode 0600, where there is none.
 *
 * @throws {UserError} `ERR_FINGERPRINT_KEY` where the key is unreadable, seen by others, or cannot be made.
 */
export async function openFingerprint(directory: StateDirectory): Promise<Fingerprint> {
  const file: KeyFile = {
    directory,
    name: 'fingerprint.key',
    errorCode: 'ERR_FINGERPRINT_KEY',
    suggestions: [`Remove it; a new one is made: rm ${join(directory.shownAs, 'fingerprint.key')}`],
  }
  const key = (checkStateDirectory(directory) ? readKeyFile(file) : undefined) ?? (await createKey(file))
  return (value) => createHmac('sha256', key).update(value).digest('hex').slice(0, 16)
}

async function createKey(file: KeyFile): Promise<Buffer> {
  ensureStateDirectory(file.directory)
  const lock = {
    path: join(file.directory.path, `${file.name}.lock`),
    shownAs: join(file.directory.shownAs, file.name),
    lockedCode: file.errorCode,
    unwritableCode: file.errorCode,
  }
  return withFileLock(lock, () => ensureKeyFile(file))
}
