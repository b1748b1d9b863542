import { realpathSync } from 'node:fs'
import type { EgressPolicy } from '@nemoclaw/proxy-core/policy'

/**
 * Adds to each program that is named by a link what it leads to now: the kernel tells of a running program only that.
 * `/usr/bin/python3` is a link on most systems.
 *
 * @param realPath - Throws where there is no such file; it may come later, and is then told apart by its own name.
 */
export function withRealBinaries(
  { policies }: EgressPolicy,
  realPath: (path: string) => string = realpathSync,
): EgressPolicy {
  return {
    policies: policies.map((policy) => ({
      ...policy,
      binaries: [...new Set(policy.binaries.flatMap((path) => [path, ...realPathOf(path, realPath)]))],
    })),
  }
}

function realPathOf(path: string, realPath: (path: string) => string): readonly string[] {
  if (path.includes('*')) return []
  try {
    return [realPath(path)]
  } catch {
    return []
  }
}
