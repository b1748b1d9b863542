import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'

/** Anthropic's public API, or any server that speaks its dialect at `ANTHROPIC_BASE_URL`. */
export const anthropicProfile = {
  providerType: 'anthropic',
  displayName: 'Anthropic',
  defaultBaseUrl: 'https://api.anthropic.com/v1',
  protocols: ['anthropic_messages', 'model_discovery'],
  auth: { kind: 'header', name: 'x-api-key' },
  // The API refuses a request that names no version; a client of another vendor's SDK names none.
  defaultHeaders: [['anthropic-version', '2023-06-01']],
  passthroughHeaders: ['anthropic-beta', 'anthropic-version'],
  credentialKeyNames: ['ANTHROPIC_API_KEY'],
  baseUrlConfigKeys: ['ANTHROPIC_BASE_URL'],
} as const satisfies InferenceProviderProfile
