import { UserError } from '../user-error.js'

const REASONS: Readonly<Record<string, readonly [reason: string, suggestion: string]>> = {
  ENOSPC: ['no space is left on the disk', 'Free some space and try again.'],
  EDQUOT: ['your disk quota is used up', 'Free some space and try again.'],
  EROFS: ['the file system is read-only', 'Choose a folder that can be written to.'],
  EACCES: ['permission is denied', 'Check who owns it: ls -ld'],
  EPERM: ['the operation is not permitted', 'Check who owns it: ls -ld'],
  EIO: ['the disk reports an input/output error', 'Check the disk.'],
  ENOTDIR: ['a part of the path is not a folder', 'Check the path: ls -ld'],
  ENAMETOOLONG: ['the path is too long', 'Choose a shorter one.'],
  ELOOP: ['it is a symbolic link', 'Put the file itself there: a link could lead the state elsewhere.'],
}

/**
 * What the operating system refused, told to the user.
 *
 * @param code - E.g. `ERR_CONFIG_UNWRITABLE`.
 * @param attempt - What could not be done, e.g. `cannot write`.
 * @param where - The file or folder as the user knows it.
 */
export function storageError(code: string, attempt: string, where: string, cause: unknown): UserError {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const [reason, suggestion] = REASONS[errno] ?? [errno || 'it failed', 'Check the folder and the disk.']
  return new UserError(code, `${attempt} ${where}: ${reason}`, {
    suggestions: [suggestion.endsWith('ls -ld') ? `${suggestion} ${where}` : suggestion],
    cause,
  })
}
