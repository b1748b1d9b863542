import { usageError } from '../provider/usage-error.js'

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 } as const
const MAX_MS = 24 * 3_600_000
const DEFAULT_FOR = '30m'

/**
 * Reads `--learn --for DURATION`.
 *
 * @returns When learning ends; `undefined` where nothing is learned.
 * @throws {UserError} `ERR_LEARN_INVALID` (2): no duration of 1 s to 24 h, `--for` alone, or others could come in.
 */
export function readLearning(
  flags: { readonly learn: boolean; readonly for?: string | undefined; readonly 'allow-remote': boolean },
  now: Date,
): Date | undefined {
  if (!flags.learn) {
    if (flags.for !== undefined) throw invalid('--for says how long to learn, and belongs to --learn')
    return undefined
  }
  if (flags['allow-remote']) {
    throw invalid('--learn lets through what no policy allows, and so not together with --allow-remote')
  }
  const [, digits, unit] = /^([1-9][0-9]{0,5})([smh])$/.exec(flags.for ?? DEFAULT_FOR) ?? []
  const durationMs = Number(digits) * UNITS[unit as keyof typeof UNITS]
  if (!(durationMs <= MAX_MS)) {
    throw invalid(`--for takes a number and s, m or h, such as ${DEFAULT_FOR}, at most 24h`)
  }
  return new Date(now.getTime() + durationMs)
}

function invalid(message: string): Error {
  return usageError('ERR_LEARN_INVALID', message, ['E.g. nemoclaw proxy run --learn --for 30m'])
}
