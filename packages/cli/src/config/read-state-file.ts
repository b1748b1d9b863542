import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { UserError } from '../user-error.js'
import { storageError } from './storage-error.js'

export interface StateFile {
  /** Absolute path. */
  readonly path: string
  /** What messages call it. */
  readonly shownAs: string
  /** Error code where it cannot be read, or should not be trusted. */
  readonly unreadableCode: string
  /** Largest size that is read, in bytes. */
  readonly maximumBytes: number
  /** Who else may read it: `nobody` refuses a secret that others can see. */
  readonly readableBy: 'anybody' | 'nobody'
}

/**
 * The bytes of a file of our own state, of one moment even while it is replaced.
 *
 * @returns `undefined` where there is no such file.
 * @throws {UserError} `unreadableCode`: a link, not a plain file, another's, writable by others, too large, unreadable.
 */
export function readStateFile(file: StateFile): Buffer | undefined {
  const fd = open(file)
  if (fd === undefined) return undefined
  try {
    refuseUnsafe(fd, file)
    return readFileSync(fd)
  } catch (error) {
    throw error instanceof UserError ? error : storageError(file.unreadableCode, 'cannot read', file.shownAs, error)
  } finally {
    closeSync(fd)
  }
}

function open({ path, shownAs, unreadableCode }: StateFile): number | undefined {
  try {
    // Without O_NONBLOCK a named pipe put there would hang every command.
    return openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw storageError(unreadableCode, 'cannot read', shownAs, error)
  }
}

function refuseUnsafe(fd: number, { shownAs, unreadableCode, maximumBytes, readableBy }: StateFile): void {
  const stats = fstatSync(fd)
  const refuse = (why: string, suggestion: string) =>
    new UserError(unreadableCode, `${shownAs} ${why}`, { suggestions: [suggestion] })

  if (!stats.isFile()) throw refuse('is not a plain file', `Move it away: mv ${shownAs} ${shownAs}.old`)
  if (stats.size > maximumBytes) {
    throw refuse(`is larger than ${maximumBytes} bytes`, `Move it away: mv ${shownAs} ${shownAs}.old`)
  }
  // Windows has no owner and mode of this kind.
  if (process.geteuid === undefined) return
  if (stats.uid !== process.geteuid()) {
    throw refuse(
      `belongs to user ${stats.uid}, and you are user ${process.geteuid()}`,
      `Check who owns it: ls -l ${shownAs}`,
    )
  }
  if ((stats.mode & 0o022) !== 0)
    throw refuse('can be written by other users', `Look through it, then: chmod 600 ${shownAs}`)
  if (readableBy === 'nobody' && (stats.mode & 0o044) !== 0) {
    throw refuse('can be read by other users', `Close it: chmod 600 ${shownAs} (and replace what was in it)`)
  }
}
