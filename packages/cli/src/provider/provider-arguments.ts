import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import { baseUrlKey, isBaseUrlKey } from './base-url.js'
import { checkBaseUrl } from './check-base-url.js'
import { parseConfigArguments } from './config-argument.js'
import { type CredentialArgument, parseCredentialArguments } from './credential-argument.js'
import { type HeaderArgument, parseHeaderArguments } from './header-argument.js'
import { usageError } from './usage-error.js'

/** The flags of `create` and `update` as typed. */
export interface TypedProviderArguments {
  readonly 'from-existing'?: boolean | undefined
  readonly credential?: readonly string[] | undefined
  readonly config?: readonly string[] | undefined
  readonly header?: readonly string[] | undefined
  readonly 'base-url'?: string | undefined
}

/** The same, read and checked as far as that is possible without a profile. */
export interface ProviderArguments {
  readonly fromExisting: boolean
  readonly credentials: readonly CredentialArgument[]
  readonly config: ReadonlyMap<string, string>
  readonly headers: readonly HeaderArgument[]
  readonly baseUrl?: string
}

/**
 * Reads the command line, before anything is opened or asked.
 *
 * @throws {UserError} `ERR_CREDENTIAL_SOURCE_TWICE` and those of the single arguments (2).
 */
export function readProviderArguments(typed: TypedProviderArguments): ProviderArguments {
  const fromExisting = typed['from-existing'] ?? false
  if (fromExisting && (typed.credential?.length ?? 0) > 0) {
    throw usageError('ERR_CREDENTIAL_SOURCE_TWICE', '--from-existing cannot be combined with --credential')
  }
  const baseUrl = typed['base-url']
  return {
    fromExisting,
    credentials: parseCredentialArguments(typed.credential ?? []),
    config: parseConfigArguments(typed.config ?? []),
    headers: parseHeaderArguments(typed.header ?? []),
    ...(baseUrl === undefined ? {} : { baseUrl: checkBaseUrl(baseUrl, '--base-url') }),
  }
}

/**
 * The config entries that the arguments make, with base URLs checked. What was typed wins over what was found.
 *
 * @param found - What `--from-existing` found in the environment.
 * @throws {UserError} `ERR_BASE_URL_INVALID`, `ERR_BASE_URL_TWICE` (2).
 */
export function configFrom(
  { config, baseUrl }: ProviderArguments,
  profile: InferenceProviderProfile,
  found: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const typedUrls = [...config.keys()].filter((key) => isBaseUrlKey(profile, key))
  if (typedUrls.length + (baseUrl === undefined ? 0 : 1) > 1) {
    throw usageError('ERR_BASE_URL_TWICE', 'the base URL was given twice')
  }
  const urlIsTyped = typedUrls.length > 0 || baseUrl !== undefined
  const kept = [...found].filter(([key]) => !(urlIsTyped && isBaseUrlKey(profile, key)))
  const merged = new Map([...kept, ...config])
  if (baseUrl !== undefined) merged.set(baseUrlKey(profile), baseUrl)
  return new Map(
    [...merged].map(([key, value]) => [key, isBaseUrlKey(profile, key) ? checkBaseUrl(value, key) : value]),
  )
}

/** What a person should know about how the credentials were given, a line each. */
export function argumentWarnings({ credentials }: ProviderArguments): readonly string[] {
  return credentials
    .filter(({ from }) => from === 'command_line')
    .map(
      ({ key }) =>
        `the value of ${key} was on the command line: it is in the shell history, and \`ps\` showed it. Safer: --credential ${key}=-`,
    )
}
