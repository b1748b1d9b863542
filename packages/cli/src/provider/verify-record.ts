import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { ProviderRecord } from '../config/schema.js'
import { type CredentialReading, resolveProviderRoute, type VerifiedChoice } from './resolve-provider-route.js'
import type { Verification } from './verification.js'
import { type VerifyProviderOptions, verifyProvider } from './verify-provider.js'

/** Whether a provider, as stored at this moment, serves a model. @throws {UserError} as `resolveProviderRoute`. */
export async function verifyRecord(
  record: ProviderRecord,
  profile: InferenceProviderProfile,
  choice: VerifiedChoice,
  access: CredentialReading,
  options: Omit<VerifyProviderOptions, 'secrets'>,
): Promise<Verification> {
  const route = await resolveProviderRoute(record, profile, { ...choice, source: 'configured' }, access)
  const clear = new Set(record.headers.map(([, value]) => value))
  const secretHeaders = route.extraHeaders.map(([, value]) => value).filter((value) => !clear.has(value))
  const secrets = [...(route.credential ? [route.credential.reveal()] : []), ...secretHeaders]
  return verifyProvider(route, { ...options, secrets })
}
