import { buildCatalogue } from './build-catalogue.js'
import { pluginFingerprint } from './plugin-fingerprint.js'
import { readProfileCache, writeProfileCache } from './profile-cache.js'
import type { ProfileCatalogue } from './profile-catalogue.js'
import type { ProviderPlugin } from './provider-plugins.js'
import type { ReadPluginProfilesOptions } from './read-plugin-profiles.js'

export interface DiscoverProfilesOptions extends ReadPluginProfilesOptions {
  /** Where answers are kept between commands. */
  readonly cacheDirectory: string
}

/**
 * The profiles of the installed plugins. No plugin's code runs in this process: a child reads them when a plugin has
 * changed, and what it said is kept and checked again each time.
 */
export async function discoverProfiles(
  plugins: readonly ProviderPlugin[],
  options: DiscoverProfilesOptions,
): Promise<ProfileCatalogue> {
  const key = pluginFingerprint(plugins, [process.version])
  const cached = readProfileCache(options.cacheDirectory, key, Date.now())
  if (cached) return buildCatalogue(cached)
  const { readPluginProfiles } = await import('./read-plugin-profiles.js')
  const answers = await readPluginProfiles(plugins, options)
  writeProfileCache(options.cacheDirectory, { key, writtenAt: Date.now(), answers })
  return buildCatalogue(answers)
}
