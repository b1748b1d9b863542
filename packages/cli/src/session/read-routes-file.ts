import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { UserError } from '../user-error.js'
import { type FileRoute, parseRoutesFile } from './parse-routes-file.js'

/** Far more than a route takes; what grows with the square of the number of keys stays short. */
const MAX_FILE_BYTES = 64 * 1024

/**
 * The route in a routes file. The file decides where keys go: only its user may own it, and nobody else write it.
 *
 * @throws {UserError} `ERR_ROUTES_FILE_UNSAFE`, `ERR_ROUTES_FILE_INVALID`.
 */
export function readRoutesFile(path: string): FileRoute {
  const fd = open(path)
  try {
    refuseUnsafe(fd, path)
    return parseRoutesFile(readFileSync(fd, 'utf8'), path)
  } finally {
    closeSync(fd)
  }
}

function open(path: string): number {
  try {
    // Without O_NONBLOCK a named pipe put there would hang the proxy.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? 'does not exist' : `cannot be read (${(error as NodeJS.ErrnoException).code})`
    throw unsafe(path, why, `Check it: ls -l ${path}`, error)
  }
}

function refuseUnsafe(fd: number, path: string): void {
  const stats = fstatSync(fd)
  if (!stats.isFile()) throw unsafe(path, 'is not a plain file', `Check it: ls -l ${path}`)
  if (stats.size > MAX_FILE_BYTES)
    throw unsafe(path, `is larger than ${MAX_FILE_BYTES} bytes`, `Check it: ls -l ${path}`)
  // Windows has no owner and mode of this kind.
  if (process.geteuid === undefined) return
  if (stats.uid !== process.geteuid()) {
    const who = `belongs to user ${stats.uid}, and you are user ${process.geteuid()}`
    throw unsafe(path, who, 'Read it, then use a copy of your own: install -m 600 FILE COPY')
  }
  if ((stats.mode & 0o022) !== 0) {
    throw unsafe(path, 'can be written by other users', `Look through it, then close it: chmod go-w ${path}`)
  }
}

function unsafe(path: string, why: string, suggestion: string, cause?: unknown): UserError {
  return new UserError('ERR_ROUTES_FILE_UNSAFE', `the routes file ${path} ${why}`, { suggestions: [suggestion], cause })
}
