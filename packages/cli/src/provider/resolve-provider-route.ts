import {
  Credential,
  DEFAULT_ROUTE_TIMEOUTS,
  type ResolvedRoute,
  type RouteSourceKind,
} from '@nemoclaw/proxy-core/control-plane'
import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { InferenceIntent, ProviderRecord } from '../config/schema.js'
import type { CredentialAccess } from '../credential/credential-access.js'
import { resolveCredential } from '../credential/resolve-credential.js'
import { UserError } from '../user-error.js'
import { activeCredentialKey } from './active-credential.js'
import { originOf, providerBaseUrl } from './base-url.js'
import { headerOfCredentialKey } from './header-credential.js'

/** What it takes to read credentials. */
export type CredentialReading = Omit<CredentialAccess, 'directory'>

/** The choice that a route serves, whoever made it. */
export interface RouteChoice
  extends Pick<InferenceIntent, 'model' | 'connectTimeoutMs' | 'firstByteTimeoutMs' | 'idleTimeoutMs' | 'serverTools'> {
  readonly source: RouteSourceKind
}

/** A choice that may not be stored yet. */
export type VerifiedChoice = Omit<RouteChoice, 'source'>

/**
 * Makes profile, provider record, credentials and choice one: all that an exchange needs, as it is at this moment.
 *
 * @throws {UserError} `ERR_CREDENTIAL_NONE` where the provider needs a credential and has none; as `resolveCredential`.
 */
export async function resolveProviderRoute(
  record: ProviderRecord,
  profile: InferenceProviderProfile,
  choice: RouteChoice,
  access: CredentialReading,
): Promise<ResolvedRoute> {
  // Imported here, where a listener waits for nobody: it brings the address guard along.
  const { checkBaseUrl } = await import('./check-base-url.js')
  const baseUrl = checkBaseUrl(providerBaseUrl(profile, record.config), `the configuration of '${record.name}'`)
  const origin = originOf(baseUrl)
  const key = activeCredentialKey(profile, record)
  if (key === undefined && profile.auth.kind !== 'none') throw noCredential(record.name, profile)
  const credential =
    key === undefined || profile.auth.kind === 'none'
      ? undefined
      : credentialOf((await resolveCredential(record, key, origin, access)).value, access)
  return {
    source: choice.source,
    providerName: record.name,
    providerType: record.type,
    baseUrl,
    protocols: profile.protocols,
    model: choice.model,
    auth: profile.auth,
    ...(credential === undefined ? {} : { credential }),
    defaultHeaders: profile.defaultHeaders,
    passthroughHeaders: profile.passthroughHeaders,
    extraHeaders: [...record.headers, ...(await secretHeaders(record, origin, access))],
    timeouts: {
      connectTimeoutMs: choice.connectTimeoutMs ?? DEFAULT_ROUTE_TIMEOUTS.connectTimeoutMs,
      firstByteTimeoutMs: choice.firstByteTimeoutMs ?? DEFAULT_ROUTE_TIMEOUTS.firstByteTimeoutMs,
      idleTimeoutMs: choice.idleTimeoutMs ?? DEFAULT_ROUTE_TIMEOUTS.idleTimeoutMs,
    },
    serverTools: choice.serverTools ?? 'allow',
  }
}

function credentialOf(value: string, { fingerprint }: CredentialReading): Credential {
  return new Credential(value, fingerprint(value))
}

async function secretHeaders(
  record: ProviderRecord,
  origin: string,
  access: CredentialReading,
): Promise<readonly (readonly [string, string])[]> {
  const named = Object.keys(record.credentials).flatMap((key) => {
    const header = headerOfCredentialKey(key)
    return header === undefined ? [] : [{ key, header }]
  })
  return Promise.all(
    named.map(async ({ key, header }) => {
      const { value } = await resolveCredential(record, key, origin, access).catch((error: unknown) => {
        throw nameHeader(error, record.name, header)
      })
      return [header, value] as const
    }),
  )
}

/** A header's credential is not entered by `--credential`. */
function nameHeader(error: unknown, provider: string, header: string): unknown {
  if (!(error instanceof UserError)) return error
  return new UserError(error.code, error.message, {
    suggestions: [`Give it again: nemoclaw provider update ${provider} --header '${header}: env:NAME'`],
    cause: error,
  })
}

function noCredential(provider: string, { credentialKeyNames }: InferenceProviderProfile): UserError {
  const key = credentialKeyNames[0] ?? 'API_KEY'
  return new UserError('ERR_CREDENTIAL_NONE', `provider '${provider}' needs a credential and has none`, {
    suggestions: [`Enter it: nemoclaw provider update ${provider} --credential ${key}`],
  })
}
