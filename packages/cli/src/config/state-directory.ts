import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../user-error.js'
import { storageError } from './storage-error.js'

/** Where state is kept, and how the user calls it. */
export interface StateDirectory {
  /** Absolute path. */
  readonly path: string
  /** What messages call it, e.g. `~/.config/nemoclaw`. */
  readonly shownAs: string
}

/**
 * Refuses a folder that somebody else could change: what is in it decides where keys are sent.
 *
 * @returns whether the folder exists.
 * @throws {UserError} `ERR_STATE_DIRECTORY_UNSAFE`: a symbolic link, not a folder, another's, or writable by others.
 *   `ERR_CONFIG_UNREADABLE` where it cannot be looked at.
 */
export function checkStateDirectory({ path, shownAs }: StateDirectory): boolean {
  const stats = lstat(path, shownAs)
  if (stats === undefined) return false
  refuseUnsafe(stats, shownAs)
  return true
}

/**
 * Makes the folder where there is none, mode 0700, and takes away what others may read.
 *
 * @throws {UserError} As `checkStateDirectory`; `ERR_CONFIG_UNWRITABLE` where it cannot be made.
 */
export function ensureStateDirectory(directory: StateDirectory): void {
  try {
    makeDirectory(directory.path)
    const stats = lstatSync(directory.path)
    refuseUnsafe(stats, directory.shownAs)
    if (process.geteuid !== undefined && (stats.mode & 0o077) !== 0) chmodSync(directory.path, 0o700)
  } catch (error) {
    if (error instanceof UserError) throw error
    // mkdir of a dangling link says EEXIST.
    if (checkStateDirectory(directory))
      throw storageError('ERR_CONFIG_UNWRITABLE', 'cannot use', directory.shownAs, error)
    throw storageError('ERR_CONFIG_UNWRITABLE', 'cannot create', directory.shownAs, error)
  }
}

/** Not `recursive` for the whole path: that says ENOENT where a file system is read-only. */
function makeDirectory(path: string): void {
  if (mkdir(path)) return
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  mkdir(path)
}

/** @returns whether it is there now; `false` where its parent is missing. */
function mkdir(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST') return true
    if (code === 'ENOENT') return false
    throw error
  }
}

function lstat(path: string, shownAs: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw storageError('ERR_CONFIG_UNREADABLE', 'cannot look at', shownAs, error)
  }
}

function refuseUnsafe(stats: Stats, shownAs: string): void {
  if (stats.isSymbolicLink()) {
    throw unsafe(`${shownAs} is a symbolic link`, 'Put the folder itself there: a link could lead the state elsewhere.')
  }
  if (!stats.isDirectory()) throw unsafe(`${shownAs} is not a folder`, `Move it away: mv ${shownAs} ${shownAs}.old`)
  // Windows has no owner and mode of this kind.
  if (process.geteuid === undefined) return
  if (stats.uid !== process.geteuid()) {
    throw unsafe(
      `${shownAs} belongs to user ${stats.uid}, and you are user ${process.geteuid()}`,
      'Run nemoclaw as the user whose state it is (without sudo).',
    )
  }
  if ((stats.mode & 0o022) !== 0) {
    throw unsafe(`${shownAs} can be written by other users`, `Look through it, then close it: chmod 700 ${shownAs}`)
  }
}

function unsafe(message: string, suggestion: string): UserError {
  return new UserError('ERR_STATE_DIRECTORY_UNSAFE', `${message}; what is in it decides where keys are sent`, {
    suggestions: [suggestion],
  })
}
