import * as Flags from '@oclif/core/flags'
import { usageError } from '../provider/usage-error.js'
import { upstreamProxyFlags } from '../session/upstream-proxy-flags.js'
import type { InferenceChange } from './change-inference.js'

/** What `set` and `update` take besides provider and model. */
export const inferenceFlags = {
  'connect-timeout': Flags.string({ summary: 'Seconds to connect, TLS included (10).', helpValue: 'SECONDS' }),
  'first-byte-timeout': Flags.string({ summary: 'Seconds until the answer begins (300).', helpValue: 'SECONDS' }),
  'idle-timeout': Flags.string({ summary: 'Seconds between two pieces of an answer (300).', helpValue: 'SECONDS' }),
  'server-tools': Flags.option({
    summary: 'Whether clients may use tools that the provider runs: web fetch, code execution, remote MCP.',
    options: ['allow', 'deny'] as const,
  })(),
  verify: Flags.boolean({
    summary: 'Ask the provider first whether it serves the model.',
    default: true,
    allowNo: true,
  }),
  'upstream-ca': Flags.string({ summary: 'PEM file of a CA to trust besides the usual ones.', helpValue: 'FILE' }),
  ...upstreamProxyFlags,
}

interface ParsedInferenceFlags {
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly 'connect-timeout'?: string | undefined
  readonly 'first-byte-timeout'?: string | undefined
  readonly 'idle-timeout'?: string | undefined
  readonly 'server-tools'?: 'allow' | 'deny' | undefined
}

const MAX_MODEL_CHARACTERS = 256
/** A day: longer is a mistake in the unit. */
const MAX_SECONDS = 86_400

/**
 * What the flags name, checked.
 *
 * @throws {UserError} `ERR_MODEL_INVALID`, `ERR_TIMEOUT_INVALID` (2).
 */
export function inferenceChangeFrom(flags: ParsedInferenceFlags): InferenceChange {
  const named = {
    provider: flags.provider,
    model: flags.model === undefined ? undefined : checkModel(flags.model),
    connectTimeoutMs: milliseconds('connect-timeout', flags),
    firstByteTimeoutMs: milliseconds('first-byte-timeout', flags),
    idleTimeoutMs: milliseconds('idle-timeout', flags),
    serverTools: flags['server-tools'],
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** @throws {UserError} `ERR_NOTHING_TO_CHANGE` (2). */
export function refuseEmptyChange(change: InferenceChange): void {
  if (Object.keys(change).length > 0) return
  throw usageError('ERR_NOTHING_TO_CHANGE', 'nothing to change: name at least one option, e.g. --model')
}

/** @throws {UserError} `ERR_MODEL_INVALID` (2). */
export function checkModel(model: string): string {
  const valid = model !== '' && model.length <= MAX_MODEL_CHARACTERS && model === model.trim()
  if (valid && !/[\u0000-\u001f\u007f-\u009f]/.test(model)) return model
  throw usageError(
    'ERR_MODEL_INVALID',
    `a model name has 1 to ${MAX_MODEL_CHARACTERS} characters, no control characters, and no spaces around it`,
  )
}

function milliseconds(
  name: 'connect-timeout' | 'first-byte-timeout' | 'idle-timeout',
  flags: ParsedInferenceFlags,
): number | undefined {
  const text = flags[name]
  if (text === undefined) return undefined
  const result = /^\d+(?:\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : 0
  if (result >= 1 && result <= MAX_SECONDS * 1000) return result
  throw usageError('ERR_TIMEOUT_INVALID', `--${name} is a number of seconds, above 0 and at most ${MAX_SECONDS}`)
}
