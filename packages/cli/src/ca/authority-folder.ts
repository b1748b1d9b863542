import { X509Certificate } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type AuthorityMaterial, authorityMaterial } from '@nemoclaw/proxy-core/tls'
import { readStateFile } from '../config/read-state-file.js'
import { checkStateDirectory, type StateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { UserError } from '../user-error.js'

const FOLDER_NAME = /^authority-([1-9]\d{0,8})$/
const ROOT = 'root.pem'
const INTERMEDIATE = 'intermediate.pem'
const INTERMEDIATE_KEY = 'intermediate-key.pem'
const MAXIMUM_FILE_BYTES = 65_536

/** Begins the name of what is not in its place yet. */
export const UNFINISHED = '.unfinished-'
const ABANDONED_AFTER_MS = 600_000

/** The numbers of the authorities in a CA folder, the newest first. */
export function authorityNumbers({ path, shownAs }: StateDirectory): readonly number[] {
  try {
    return readdirSync(path)
      .flatMap((name) => FOLDER_NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((one, other) => other - one)
  } catch (error) {
    throw storageError('ERR_CA_UNREADABLE', 'cannot read', shownAs, error)
  }
}

/**
 * Reads one authority, key included.
 *
 * @throws {UserError} `ERR_CA_UNREADABLE`: a file that somebody else could read (the key) or write, a link, another
 *   user's. `ERR_CA_BROKEN`: a file is missing or they do not belong together.
 */
export function readAuthority(directory: StateDirectory, number: number): AuthorityMaterial {
  const folder = folderOf(directory, number)
  const parts = {
    rootCertificatePem: readPart(folder, ROOT),
    intermediateCertificatePem: readPart(folder, INTERMEDIATE),
    intermediateKeyPem: readPart(folder, INTERMEDIATE_KEY),
  }
  try {
    return authorityMaterial(parts)
  } catch (error) {
    throw broken(folder, error instanceof Error ? error.message : String(error))
  }
}

/** The root certificate of one authority; `undefined` where another process has just removed it. Throws as above. */
export function readRoot(directory: StateDirectory, number: number): X509Certificate | undefined {
  const folder = folderOf(directory, number)
  if (!checkStateDirectory(folder)) return undefined
  const pem = readPart(folder, ROOT)
  try {
    return new X509Certificate(pem)
  } catch {
    throw broken(folder, `${ROOT} does not parse.`)
  }
}

/**
 * Puts an authority in its place, complete or not at all, unless there is one already.
 *
 * The folder is filled beside its place and renamed into it: rename(2) refuses where another process was first, so
 * two that start at the same moment need no lock to agree on one authority.
 *
 * @returns whether this one was first.
 */
export function placeAuthority(directory: StateDirectory, number: number, authority: AuthorityMaterial): boolean {
  const folder = folderOf(directory, number)
  let unfinished: string | undefined
  try {
    sweepAbandoned(directory.path)
    unfinished = mkdtempSync(join(directory.path, UNFINISHED))
    writeDurably(join(unfinished, ROOT), authority.rootCertificatePem, 0o644)
    writeDurably(join(unfinished, INTERMEDIATE), authority.intermediateCertificatePem, 0o644)
    writeDurably(join(unfinished, INTERMEDIATE_KEY), authority.intermediateKeyPem, 0o600)
    renameSync(unfinished, folder.path)
    return true
  } catch (error) {
    if (unfinished !== undefined) rmSync(unfinished, { recursive: true, force: true })
    if (unfinished !== undefined && existsSync(folder.path)) return false
    throw storageError('ERR_CA_UNWRITABLE', 'cannot write', folder.shownAs, error)
  }
}

/** Removes an authority that has ended. Another process may be doing the same. */
export function removeAuthority(directory: StateDirectory, number: number): void {
  rmSync(folderOf(directory, number).path, { recursive: true, force: true })
}

function folderOf({ path, shownAs }: StateDirectory, number: number): StateDirectory {
  const name = `authority-${number}`
  return { path: join(path, name), shownAs: `${shownAs}/${name}` }
}

function readPart(folder: StateDirectory, name: string): string {
  checkStateDirectory(folder)
  const content = readStateFile({
    path: join(folder.path, name),
    shownAs: `${folder.shownAs}/${name}`,
    unreadableCode: 'ERR_CA_UNREADABLE',
    maximumBytes: MAXIMUM_FILE_BYTES,
    readableBy: name === INTERMEDIATE_KEY ? 'nobody' : 'anybody',
  })
  if (content === undefined) throw broken(folder, `${name} is missing.`)
  return content.toString('latin1')
}

function broken(folder: StateDirectory, why: string): UserError {
  return new UserError('ERR_CA_BROKEN', `the certificate authority in ${folder.shownAs} cannot be used: ${why}`, {
    // Never mended silently: everything that trusts the old root would stop to verify, and nobody would know why.
    suggestions: [
      'Restore the folder from a backup.',
      `Or make a new one, which everything must then be told to trust: rm -r ${folder.shownAs}`,
    ],
  })
}

/** What processes left that were killed on the way, keys among it. */
function sweepAbandoned(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(UNFINISHED)) continue
    const path = join(directory, name)
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    if (changed !== undefined && Date.now() - changed > ABANDONED_AFTER_MS)
      rmSync(path, { recursive: true, force: true })
  }
}

function writeDurably(path: string, content: string, mode: number): void {
  const fd = openSync(path, 'wx', mode)
  try {
    writeFileSync(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
