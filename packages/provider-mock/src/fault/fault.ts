import { CONNECTION_FAULTS } from './connection-faults.js'
import { CONTENT_FAULTS } from './content-faults.js'
import { ERROR_FAULTS } from './error-faults.js'
import type { Misbehaviour } from './misbehaviour.js'

/** A model name that makes the provider misbehave. */
export interface Fault {
  /** Model name without `mock/` and parameter. */
  readonly name: string
  /** What it does, for the model list and the README. */
  readonly summary: string
  /** What may follow the colon. */
  readonly parameter?: {
    readonly unit: 'ms' | 'bytes' | 'seconds' | 'status'
    readonly default: number
    readonly min?: number
    readonly max: number
  }
  readonly misbehave: (parameter: number) => Misbehaviour
}

const GOOD: readonly Fault[] = [
  { name: 'echo', summary: 'Repeats the question; calls a tool where the request offers one.', misbehave: () => ({}) },
  { name: 'text', summary: 'As echo, and never calls a tool.', misbehave: () => ({ tools: 'never' }) },
  {
    name: 'tool',
    summary: 'Calls a tool every time, even after a result.',
    misbehave: () => ({ tools: 'always' }),
  },
]

/** Every model name with a meaning; names without `mock/` are answered as `mock/echo` is. */
export const FAULTS: readonly Fault[] = [...GOOD, ...CONNECTION_FAULTS, ...CONTENT_FAULTS, ...ERROR_FAULTS]
