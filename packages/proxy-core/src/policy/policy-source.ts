import type { CompiledPolicy } from './compile-policy.js'

/** The policy in force. */
export interface PolicySource {
  readonly current: CompiledPolicy
  /** Whether what no policy allows passes for now, so that a policy can be made of it. */
  readonly isLearning: boolean
  /** What a person types to allow a destination, up to the destination; `nemoclaw policy allow` where absent. */
  readonly allowCommand?: string
  /** @returns stops it. */
  onChange(listener: () => void): () => void
}

/** A policy that never changes. */
export function fixedPolicy(policy: CompiledPolicy): PolicySource {
  return { current: policy, isLearning: false, onChange: () => () => {} }
}
