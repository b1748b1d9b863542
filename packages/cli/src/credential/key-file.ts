import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readStateFile } from '../config/read-state-file.js'
import type { StateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { writeFileAtomically } from '../config/write-file-atomically.js'
import { UserError } from '../user-error.js'

const KEY_BYTES = 32

/** A key of our own, in a file that only its user can read. */
export interface KeyFile {
  readonly directory: StateDirectory
  /** File name within the directory. */
  readonly name: string
  /** Code of every error about it. */
  readonly errorCode: string
  /** What to do where it is damaged, a line each. */
  readonly suggestions: readonly string[]
}

/**
 * @returns 32 bytes; `undefined` where there is no such file.
 * @throws {UserError} `errorCode` where it is damaged, unreadable, or can be seen by others.
 */
export function readKeyFile({ directory, name, errorCode, suggestions }: KeyFile): Buffer | undefined {
  const shownAs = join(directory.shownAs, name)
  const content = readStateFile({
    path: join(directory.path, name),
    shownAs,
    unreadableCode: errorCode,
    maximumBytes: 1024,
    readableBy: 'nobody',
  })
  if (content === undefined) return undefined
  const key = Buffer.from(content.toString('latin1').trim(), 'base64')
  if (key.length === KEY_BYTES) return key
  throw new UserError(errorCode, `${shownAs} is damaged`, { suggestions })
}

/**
 * The key, made from random bytes, mode 0600, where there is none. Call it under a lock.
 *
 * @throws {UserError} `errorCode`.
 */
export function ensureKeyFile(file: KeyFile): Buffer {
  const made = readKeyFile(file)
  if (made !== undefined) return made
  const { directory, name, errorCode } = file
  const key = randomBytes(KEY_BYTES)
  try {
    writeFileAtomically(join(directory.path, name), Buffer.from(`${key.toString('base64')}\n`))
  } catch (error) {
    throw storageError(errorCode, 'cannot write', join(directory.shownAs, name), error)
  }
  return key
}
