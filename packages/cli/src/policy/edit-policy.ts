import { chmodSync, lstatSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { EgressPolicy } from '@nemoclaw/proxy-core/policy'
import { withFileLock } from '../config/file-lock.js'
import { ensureStateDirectory } from '../config/state-directory.js'
import { storageError } from '../config/storage-error.js'
import { writeFileAtomically } from '../config/write-file-atomically.js'
import { UserError } from '../user-error.js'
import { parsePolicy } from './parse-policy.js'
import type { PolicyFile } from './policy-file.js'
import { MAX_POLICY_FILE_BYTES, type PolicyText, readPolicyText } from './read-policy-file.js'

/** A policy file in the middle of a change: what it says, and its text. */
export interface PolicyState {
  readonly text: string
  readonly egress: EgressPolicy
}

/**
 * Changes a policy file under its lock, so that two changes at once lose nothing, and in one step, so that nobody reads
 * half of it. What is written was read again before: it says what was meant, or nothing is written.
 *
 * @param change - The new state; the same one where there is nothing to do. `egress` is what `text` is to say.
 * @returns the state before and after.
 * @throws {UserError} `ERR_POLICY_FILE_UNSAFE`, `ERR_POLICY_INVALID`, `ERR_POLICY_NOT_EDITABLE`, `ERR_POLICY_LOCKED`,
 *   `ERR_POLICY_UNWRITABLE`; and whatever `change` throws.
 */
export async function editPolicy(
  file: PolicyFile,
  change: (state: PolicyState) => PolicyState,
  platform: NodeJS.Platform = process.platform,
): Promise<{ readonly before: PolicyState; readonly after: PolicyState }> {
  if (file.directory) ensureStateDirectory(file.directory)
  const path = targetOf(file)
  const { shownAs } = file
  const lock = {
    path: `${path}.lock`,
    shownAs,
    lockedCode: 'ERR_POLICY_LOCKED',
    unwritableCode: 'ERR_POLICY_UNWRITABLE',
  }
  return withFileLock(lock, () => {
    const read = readPolicyText({ path, shownAs })
    if (read) refuseForeign(read, shownAs)
    const text = read?.text ?? ''
    const before = { text, egress: parsePolicy(text, { shownAs, platform }).egress }
    const after = change(before)
    if (after.text !== before.text) {
      verify(after, shownAs, platform)
      write(path, after.text, read, shownAs)
    }
    return { before, after }
  })
}

/** A link stays, and what it leads to is replaced: many keep their configuration elsewhere and link to it. */
function targetOf({ path, shownAs }: PolicyFile): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw storageError('ERR_POLICY_FILE_UNSAFE', 'cannot read', shownAs, error)
    }
  }
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new UserError('ERR_POLICY_FILE_UNSAFE', `the policy file ${shownAs} is a symbolic link to nothing`, {
      suggestions: [`See where it leads: ls -l ${shownAs}`],
    })
  }
  if (!lstatSync(dirname(path), { throwIfNoEntry: false })) {
    throw new UserError('ERR_POLICY_UNWRITABLE', `cannot write ${shownAs}: its folder does not exist`, {
      suggestions: [`Make it: mkdir -p ${dirname(shownAs)}`],
    })
  }
  return path
}

/** Renaming our own file over it would take it from root. */
function refuseForeign({ stats }: PolicyText, shownAs: string): void {
  if (process.geteuid === undefined || stats.uid === process.geteuid()) return
  throw new UserError('ERR_POLICY_UNWRITABLE', `${shownAs} belongs to user ${stats.uid}, who alone changes it`, {
    suggestions: [`Check who owns it: ls -l ${shownAs}`],
  })
}

function verify({ text, egress }: PolicyState, shownAs: string, platform: NodeJS.Platform): void {
  if (Buffer.byteLength(text) > MAX_POLICY_FILE_BYTES) {
    throw new UserError('ERR_POLICY_NOT_EDITABLE', `${shownAs} would be larger than ${MAX_POLICY_FILE_BYTES} bytes`)
  }
  if (isDeepStrictEqual(parsedOrUndefined(text, shownAs, platform), egress)) return
  throw new UserError('ERR_POLICY_NOT_EDITABLE', `${shownAs} is written in a way that cannot be changed in place`, {
    suggestions: ['Change it by hand, then: nemoclaw policy validate FILE'],
  })
}

function parsedOrUndefined(text: string, shownAs: string, platform: NodeJS.Platform): EgressPolicy | undefined {
  try {
    return parsePolicy(text, { shownAs, platform }).egress
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

function write(path: string, text: string, before: PolicyText | undefined, shownAs: string): void {
  try {
    writeFileAtomically(path, Buffer.from(text))
    // A new file is for its user alone; one that others could read stays readable to them.
    if (before && (before.stats.mode & 0o777) !== 0o600) chmodSync(path, before.stats.mode & 0o755)
  } catch (error) {
    throw storageError('ERR_POLICY_UNWRITABLE', 'cannot write', shownAs, error)
  }
}
