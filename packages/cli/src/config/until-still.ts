import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** What is written in place comes in steps, each of which is a change. */
const STILL_MS = 150
/** Some editors take the old file away, or empty it, before they write the new one. */
const STILL_EMPTY_MS = 250
/** With what a watch takes to notice, still within a second: a withdrawal must not wait for a file that never rests. */
const LIMIT_MS = 500
const STEP_MS = 25

/**
 * Resolves once a file has had the same size and time of change for a moment, or has not stood still for half a second.
 * Does not keep the process alive.
 */
export async function untilStill(path: string): Promise<void> {
  const startedAt = performance.now()
  let seen = momentOf(path)
  let stillSince = startedAt
  for (;;) {
    const now = performance.now()
    if (now - stillSince >= (seen.isEmpty ? STILL_EMPTY_MS : STILL_MS) || now - startedAt >= LIMIT_MS) return
    await sleep(STEP_MS, undefined, { ref: false })
    const next = momentOf(path)
    if (next.identity !== seen.identity) {
      seen = next
      stillSince = performance.now()
    }
  }
}

function momentOf(path: string): { readonly identity: string; readonly isEmpty: boolean } {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return { identity: 'missing', isEmpty: true }
    return { identity: `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`, isEmpty: stats.size === 0n }
  } catch (error) {
    return { identity: String((error as NodeJS.ErrnoException).code), isEmpty: false }
  }
}
