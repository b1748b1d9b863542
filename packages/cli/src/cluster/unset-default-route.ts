import type { ConfigDocument, ProviderRecord } from '../config/schema.js'
import { findProfile, type ProfileCatalogue } from '../provider/profile-catalogue.js'

/** A route that nobody set. */
export interface UnsetDefaultRoute {
  readonly record: ProviderRecord
  /** The profile's default model. */
  readonly model: string
}

/**
 * Where `inference.local` leads while no route is set: to the one provider whose profile offers itself for that. Two
 * such providers are a choice, and choices are the operator's.
 */
export function unsetDefaultRoute(
  { providers, inference }: ConfigDocument,
  catalogue: ProfileCatalogue,
): UnsetDefaultRoute | undefined {
  if (inference) return undefined
  const offered = Object.values(providers).flatMap((record) => {
    const profile = findProfile(catalogue, record.type)
    return profile?.servesUnsetRoute && profile.defaultModel !== undefined
      ? [{ record, model: profile.defaultModel }]
      : []
  })
  return offered.length === 1 ? offered[0] : undefined
}
