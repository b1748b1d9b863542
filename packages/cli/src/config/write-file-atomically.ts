import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs'
import { commitFile } from './commit-file.js'

/**
 * Puts `content` in the place of a file, mode 0600, in one step. Call it under the file's lock: the candidate has a
 * fixed name, so that one left by a killed writer is written over.
 *
 * @throws what the file system says; the old content is then still in place.
 */
export function writeFileAtomically(path: string, content: Buffer): void {
  const candidate = `${path}.next`
  try {
    rmSync(candidate, { force: true })
    writeWhole(candidate, content)
    commitFile(candidate, path)
  } catch (error) {
    rmSync(candidate, { force: true })
    throw error
  }
}

function writeWhole(path: string, content: Buffer): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    // A full disk cuts a write short without an error; only the next write gets one.
    for (let offset = 0; offset < content.length; ) offset += writeSync(fd, content, offset)
  } finally {
    closeSync(fd)
  }
}
