import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { commitFile } from '../config/commit-file.js'
import { storageError } from '../config/storage-error.js'
import { UNFINISHED } from './authority-folder.js'

/** Makes `path` hold `content`, readable by everybody: whoever opens it meanwhile sees the old or the new, whole. */
export function publishFile(path: string, shownAs: string, content: string): void {
  if (isThere(path, content)) return
  // Two processes may publish at once, and both the same.
  const candidate = join(dirname(path), `${UNFINISHED}${randomUUID()}`)
  try {
    writeFileSync(candidate, content, { mode: 0o644 })
    commitFile(candidate, path)
  } catch (error) {
    rmSync(candidate, { force: true })
    throw storageError('ERR_CA_UNWRITABLE', 'cannot write', shownAs, error)
  }
}

function isThere(path: string, content: string): boolean {
  try {
    return readFileSync(path, 'utf8') === content
  } catch {
    return false
  }
}
