import type { EgressPolicy } from '@nemoclaw/proxy-core/policy'

/** A policy file, checked: every text in its canonical form. */
export interface PolicyDocument {
  readonly egress: EgressPolicy
  readonly filesystem?: FilesystemPolicy
  readonly landlock?: LandlockPolicy
  readonly process?: ProcessPolicy
}

/** What a sandboxed program may read and write. */
export interface FilesystemPolicy {
  readonly includeWorkdir?: boolean
  /** Absolute paths. */
  readonly readOnly: readonly string[]
  /** Absolute paths. */
  readonly readWrite: readonly string[]
}

export interface LandlockPolicy {
  readonly compatibility: LandlockCompatibility
}

/** What happens where the kernel cannot confine: go on with what there is, or refuse to start. */
export const LANDLOCK_COMPATIBILITIES = ['best_effort', 'hard_requirement'] as const

export type LandlockCompatibility = (typeof LANDLOCK_COMPATIBILITIES)[number]

/** Whom a sandboxed program runs as: names or numbers, as text. */
export interface ProcessPolicy {
  readonly runAsUser?: string
  readonly runAsGroup?: string
}
