import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'
import type { ProviderRecord } from '../config/schema.js'

/** Where the base URL is kept for a provider whose profile names no key for it. */
const DEFAULT_KEY = 'BASE_URL'

/** The config key under which `--base-url` is stored. */
export function baseUrlKey(profile: InferenceProviderProfile): string {
  return profile.baseUrlConfigKeys[0] ?? DEFAULT_KEY
}

/** Whether a config entry is a base URL. */
export function isBaseUrlKey(profile: InferenceProviderProfile, key: string): boolean {
  return key === DEFAULT_KEY || profile.baseUrlConfigKeys.includes(key)
}

/** Where a provider's requests go: its own base URL, else the profile's. */
export function providerBaseUrl(
  profile: InferenceProviderProfile,
  config: ProviderRecord['config'] | undefined = undefined,
): string {
  const key = [...profile.baseUrlConfigKeys, DEFAULT_KEY].find(
    (name) => config !== undefined && Object.hasOwn(config, name),
  )
  return (key === undefined ? undefined : config?.[key]) ?? profile.defaultBaseUrl
}

/** Scheme, host and port: what a credential is bound to. A default port is left out. */
export function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin
}
