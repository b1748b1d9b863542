import { PROVIDER_NAME_PATTERN } from '../config/limits.js'
import { usageError } from './usage-error.js'

/** @throws {UserError} `ERR_PROVIDER_NAME_INVALID` (2). */
export function checkProviderName(name: string): string {
  if (PROVIDER_NAME_PATTERN.test(name)) return name
  throw usageError(
    'ERR_PROVIDER_NAME_INVALID',
    `'${name.slice(0, 80)}' cannot be a provider name: use 1 to 63 of the characters a-z, 0-9 and -, no - first`,
  )
}

/**
 * The name typed as NAME or as `--name`.
 *
 * @param example - What to type instead, e.g. `nemoclaw provider create my-provider --type nvidia`.
 * @throws {UserError} `ERR_PROVIDER_NAME_MISSING`, `ERR_PROVIDER_NAME_INVALID` (2).
 */
export function providerNameFrom(positional: string | undefined, flag: string | undefined, example: string): string {
  if (positional !== undefined && flag !== undefined && positional !== flag) {
    throw usageError('ERR_PROVIDER_NAME_TWICE', `two provider names were given: '${positional}' and '${flag}'`)
  }
  const name = positional ?? flag
  if (name === undefined) throw usageError('ERR_PROVIDER_NAME_MISSING', 'no provider name was given', [example])
  return checkProviderName(name)
}

/** The same where several may be named; each once. @throws {UserError} as `providerNameFrom`. */
export function providerNamesFrom(
  positional: readonly string[],
  flag: string | undefined,
  example: string,
): readonly string[] {
  const names = new Set([...positional, ...(flag === undefined ? [] : [flag])])
  if (names.size === 0) throw usageError('ERR_PROVIDER_NAME_MISSING', 'no provider name was given', [example])
  return [...names].map(checkProviderName)
}
