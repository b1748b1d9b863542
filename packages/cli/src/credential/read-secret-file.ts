import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { UserError } from '../user-error.js'

/** Far above the 8 KiB that a credential may have, so that a wrong file is told from a slightly long one. */
const MAX_FILE_BYTES = 64 * 1024

/**
 * The text of a file that somebody else keeps: a container's secret, say. It may be a link (as Kubernetes mounts
 * them) and may be readable by others (as Docker does), but not be writable by others: they would choose the key.
 *
 * @throws {UserError} `ERR_REFERENCE_UNAVAILABLE`: missing, unreadable, not a plain file, larger than 64 KiB, writable
 *   by others, owned by another than its user or root.
 */
export async function readSecretFile(path: string): Promise<string> {
  // Without O_NONBLOCK a named pipe without a writer would hang the proxy's first request.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw unavailable(
      path,
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'does not exist' : 'cannot be read',
    )
  })
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw unavailable(path, 'is not a plain file')
    if (stats.size > MAX_FILE_BYTES) throw unavailable(path, `is larger than ${MAX_FILE_BYTES} bytes`)
    if (process.geteuid !== undefined) {
      if (stats.uid !== 0 && stats.uid !== process.geteuid()) throw unavailable(path, `belongs to user ${stats.uid}`)
      if ((stats.mode & 0o022) !== 0)
        throw unavailable(path, 'can be written by other users', [`Close it: chmod go-w ${path}`])
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function unavailable(
  path: string,
  why: string,
  suggestions: readonly string[] = [`Check it: ls -lL ${path}`],
): UserError {
  return new UserError('ERR_REFERENCE_UNAVAILABLE', `the credential's file ${path} ${why}`, { suggestions })
}
