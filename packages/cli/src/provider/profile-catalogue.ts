import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'

/** A profile and the plugin that contributed it. */
export interface InstalledProfile {
  readonly profile: InferenceProviderProfile
  readonly package: string
  readonly packageVersion: string
  /** Came with nemoclaw, rather than by `plugins install` or `plugins link`. */
  readonly bundled: boolean
}

/** A plugin whose profile cannot be used, and why. The others are not affected. */
export interface ProfileFailure {
  readonly package: string
  readonly reason: string
}

/** What the installed plugins contribute, sorted by provider type. */
export interface ProfileCatalogue {
  readonly profiles: readonly InstalledProfile[]
  readonly failures: readonly ProfileFailure[]
}

/** @returns `undefined` where no plugin contributes that type. */
export function findProfile({ profiles }: ProfileCatalogue, type: string): InferenceProviderProfile | undefined {
  return profiles.find(({ profile }) => profile.providerType === type)?.profile
}
