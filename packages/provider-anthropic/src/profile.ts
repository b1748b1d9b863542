import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'

/** Anthropic's public API, or any server that speaks its dialect at `ANTHROPIC_BASE_URL`. */
export const anthropicProfile = {
  providerType: 'anthropic',
  displayName: 'Anthropic',
  defaultBaseUrl: 'https://api.anthropic.com/v1',
  protocols: ['anthropic_messages', 'model_discovery'],
  // Not ANTHROPIC_AUTH_TOKEN: that one travels as Bearer, and a profile has one way.
  auth: { kind: 'header', name: 'x-api-key' },
  // The API refuses a request that names no version. This one takes all that clients without an SDK are used to send;
  // 2026-10-21 refuses some of it, e.g. `temperature`. An SDK names its own version, which passes.
  defaultHeaders: [['anthropic-version', '2023-06-01']],
  passthroughHeaders: ['anthropic-beta', 'anthropic-version'],
  credentialKeyNames: ['ANTHROPIC_API_KEY'],
  baseUrlConfigKeys: ['ANTHROPIC_BASE_URL'],
} as const satisfies InferenceProviderProfile
