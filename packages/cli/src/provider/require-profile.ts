import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import { UserError } from '../user-error.js'
import { findProfile, type ProfileCatalogue } from './profile-catalogue.js'

/** @throws {UserError} `ERR_PROVIDER_TYPE_UNSUPPORTED`, with the types there are. */
export function requireProfile(catalogue: ProfileCatalogue, type: string): InferenceProviderProfile {
  const profile = findProfile(catalogue, type)
  if (profile) return profile
  const installed = catalogue.profiles.map((entry) => entry.profile.providerType).join(', ')
  const install = 'Install one: nemoclaw plugins install <package>'
  throw new UserError(
    'ERR_PROVIDER_TYPE_UNSUPPORTED',
    `unsupported provider type '${type.slice(0, 80)}' (installed: ${installed}). ${install}`,
    { suggestions: [install] },
  )
}
