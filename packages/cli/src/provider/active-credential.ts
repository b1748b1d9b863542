import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { ProviderRecord } from '../config/schema.js'
import { isHeaderCredentialKey } from './header-credential.js'

/**
 * Which of a provider's credentials proves us to it: the first that the profile names, else the first by name.
 *
 * @returns `undefined` where the provider has none.
 */
export function activeCredentialKey(
  profile: InferenceProviderProfile,
  { credentials }: Pick<ProviderRecord, 'credentials'>,
): string | undefined {
  const keys = Object.keys(credentials).filter((key) => !isHeaderCredentialKey(key))
  return profile.credentialKeyNames.find((name) => keys.includes(name)) ?? keys.toSorted()[0]
}
