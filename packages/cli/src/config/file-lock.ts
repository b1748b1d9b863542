import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../user-error.js'
import { storageError } from './storage-error.js'

/** Which lock, and what is said where it cannot be had. */
export interface FileLock {
  /** Absolute path of the lock file. It is made where missing and never removed: two files would be two locks. */
  readonly path: string
  /** What messages call the thing that is locked, e.g. `~/.config/nemoclaw/config.json`. */
  readonly shownAs: string
  /** Error code after the wait, e.g. `ERR_CONFIG_LOCKED`. */
  readonly lockedCode: string
  /** Error code where the lock file cannot be made, e.g. `ERR_CONFIG_UNWRITABLE`. */
  readonly unwritableCode: string
  /** Milliseconds to wait for another process. */
  readonly waitMs?: number
}

const DEFAULT_WAIT_MS = 10_000
const POLL_MS = 8

/**
 * Runs `action` while no other process or call holds the same lock.
 *
 * The lock is the kernel's and hangs on an open descriptor, so it ends with its holder, `kill -9` included: there is
 * no stale lock, and so no guess whether one is stale. See docs/decisions/0007.
 *
 * @throws {UserError} `lockedCode` naming the holder's pid after `waitMs` (10 s); `unwritableCode`; and whatever
 *   `action` throws.
 */
export async function withFileLock<Result>(lock: FileLock, action: () => Promise<Result> | Result): Promise<Result> {
  const fd = await acquire(lock)
  try {
    return await action()
  } finally {
    closeSync(fd)
  }
}

async function acquire(lock: FileLock): Promise<number> {
  const tryLock = await loadTryLock(lock)
  const deadline = performance.now() + (lock.waitMs ?? DEFAULT_WAIT_MS)
  for (;;) {
    const fd = openLockFile(lock)
    try {
      if (tryLock(fd)) {
        nameHolder(fd)
        return fd
      }
    } catch (error) {
      closeSync(fd)
      throw storageError(lock.unwritableCode, 'cannot lock', lock.shownAs, error)
    }
    // Opened anew each time: where the file was removed with its folder, others lock another one by now.
    closeSync(fd)
    if (performance.now() > deadline) throw locked(lock)
    // Unequal waits, so that many waiters do not come in step.
    await delay(POLL_MS * (0.5 + Math.random()))
  }
}

async function loadTryLock({ unwritableCode, shownAs }: FileLock): Promise<(fd: number) => boolean> {
  try {
    return (await import('fs-native-extensions')).default.tryLock
  } catch (cause) {
    throw new UserError(
      unwritableCode,
      `cannot lock ${shownAs}: the native module fs-native-extensions does not load`,
      {
        suggestions: [
          `It has builds for Linux, macOS and Windows on x64 and arm64; this is ${process.platform} ${process.arch}.`,
        ],
        cause,
      },
    )
  }
}

function openLockFile({ path, shownAs, unwritableCode }: FileLock): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600)
  } catch (error) {
    throw storageError(unwritableCode, 'cannot write', shownAs, error)
  }
}

/** Only for the message that a waiter gives up with; nothing is decided by it. */
function nameHolder(fd: number): void {
  try {
    ftruncateSync(fd)
    writeSync(fd, `${process.pid}\n`, 0)
  } catch {
    // A full disk is no reason not to hold the lock: the holder may be about to delete something.
  }
}

function locked({ path, shownAs, lockedCode, waitMs = DEFAULT_WAIT_MS }: FileLock): UserError {
  const pid = holder(path)
  const who = pid === undefined ? 'another process' : `process ${pid}`
  return new UserError(
    lockedCode,
    `${shownAs} is being changed by ${who}, which did not finish within ${waitMs / 1000} s`,
    {
      suggestions:
        pid === undefined ? ['Try again.'] : [`See what it is: ps -fp ${pid}`, 'Try again when it has ended.'],
    },
  )
}

function holder(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
