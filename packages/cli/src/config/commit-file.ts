import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'

/** File systems and platforms that cannot sync a folder say one of these. */
const CANNOT_SYNC_FOLDER = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EPERM', 'EACCES'])

/**
 * Puts a complete candidate file in the place of another in the same folder, in one step: whoever opens `path` sees
 * the old or the new content, and after this call the new one survives a power cut.
 */
export function commitFile(candidate: string, path: string): void {
  sync(candidate, 'r+')
  renameSync(candidate, path)
  try {
    sync(dirname(path), 'r')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && CANNOT_SYNC_FOLDER.has(String(error.code)))) throw error
  }
}

function sync(path: string, flags: string): void {
  const fd = openSync(path, flags)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
