import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'vitest'

type TestBody = () => Promise<void> | void

/**
 * A test that needs programs of the system. Where one is missing it is not run, and says so by name; in CI it runs
 * all the same, and fails.
 */
export function testNeeding(programs: readonly string[]): (name: string, body: TestBody, timeoutMs?: number) => void {
  const missing = programs.filter((program) => !isRunnable(program))
  return (name, body, timeoutMs) => {
    if (missing.length === 0 || process.env['CI'] === 'true') return test(name, body, timeoutMs)
    console.warn(`NOT RUN: "${name}" needs ${missing.join(', ')}`)
    test.skip(`${name} (NOT RUN: needs ${missing.join(', ')})`, body)
  }
}

/** Stands in `programs` for a mount namespace of our own: as root, or where an ordinary user may have one. */
export const MOUNT_NAMESPACE = 'a mount namespace (run as root)'

/** Runs what follows it in a mount namespace of its own. */
export const IN_MOUNT_NAMESPACE = ['unshare', ...(process.getuid?.() === 0 ? ['-m'] : ['-rm']), '--'] as const

function isRunnable(program: string): boolean {
  if (program === MOUNT_NAMESPACE) {
    const [unshare, ...args] = IN_MOUNT_NAMESPACE
    return spawnSync(unshare, [...args, 'true'], { stdio: 'ignore' }).status === 0
  }
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}
