import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { storageError } from '../config/storage-error.js'
import { UserError } from '../user-error.js'
import { parsePolicy } from './parse-policy.js'
import type { PolicyDocument } from './policy-document.js'
import type { PolicyFile } from './policy-file.js'

/** Some 20,000 endpoints, which take a second to read. */
export const MAX_POLICY_FILE_BYTES = 1024 * 1024

/** A policy file as it is, not looked at. */
export interface PolicyText {
  readonly text: string
  readonly stats: Stats
}

/**
 * What a policy file says. It decides where a sandboxed program may connect to: only its user, or root, may own it, and
 * nobody else write it. A symbolic link is followed; what it leads to is held to the same.
 *
 * @returns `undefined` where there is no such file.
 * @throws {UserError} `ERR_POLICY_FILE_UNSAFE`; `ERR_POLICY_INVALID` with line and column.
 */
export function readPolicyFile(
  file: Pick<PolicyFile, 'path' | 'shownAs'>,
  platform: NodeJS.Platform = process.platform,
): PolicyDocument | undefined {
  const read = readPolicyText(file)
  return read && parsePolicy(read.text, { shownAs: file.shownAs, platform })
}

/** The text of a policy file, of one moment even while it is replaced. @throws {UserError} As `readPolicyFile`. */
export function readPolicyText({ path, shownAs }: Pick<PolicyFile, 'path' | 'shownAs'>): PolicyText | undefined {
  const fd = open(path, shownAs)
  if (fd === undefined) return undefined
  try {
    const stats = fstatSync(fd)
    refuseUnsafe(stats, shownAs)
    return { text: decoded(readFileSync(fd), shownAs), stats }
  } catch (error) {
    throw error instanceof UserError ? error : storageError('ERR_POLICY_FILE_UNSAFE', 'cannot read', shownAs, error)
  } finally {
    closeSync(fd)
  }
}

function open(path: string, shownAs: string): number | undefined {
  try {
    // Without O_NONBLOCK a named pipe put there would hang every command.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw storageError('ERR_POLICY_FILE_UNSAFE', 'cannot read', shownAs, error)
  }
}

function refuseUnsafe(stats: Stats, shownAs: string): void {
  if (!stats.isFile()) throw unsafe(shownAs, 'is not a plain file', `Check it: ls -l ${shownAs}`)
  if (stats.size > MAX_POLICY_FILE_BYTES) throw tooLarge(shownAs)
  // Windows has no owner and mode of this kind.
  if (process.geteuid === undefined) return
  if (stats.uid !== process.geteuid() && stats.uid !== 0) {
    const who = `belongs to user ${stats.uid}, and you are user ${process.geteuid()}`
    throw unsafe(shownAs, who, 'Read it, then use a copy of your own: install -m 600 FILE COPY')
  }
  if ((stats.mode & 0o022) !== 0) {
    throw unsafe(shownAs, 'can be written by other users', `Look through it, then close it: chmod go-w ${shownAs}`)
  }
}

function decoded(content: Buffer, shownAs: string): string {
  // It may have grown since.
  if (content.length > MAX_POLICY_FILE_BYTES) throw tooLarge(shownAs)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch (cause) {
    throw new UserError('ERR_POLICY_INVALID', `${shownAs} is not text in UTF-8`, { cause })
  }
}

function tooLarge(shownAs: string): UserError {
  return unsafe(shownAs, `is larger than ${MAX_POLICY_FILE_BYTES} bytes`, `Check it: ls -l ${shownAs}`)
}

function unsafe(shownAs: string, why: string, suggestion: string): UserError {
  return new UserError('ERR_POLICY_FILE_UNSAFE', `the policy file ${shownAs} ${why}`, { suggestions: [suggestion] })
}
