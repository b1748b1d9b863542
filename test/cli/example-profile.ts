import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'

/** A profile for tests: what the test is about is what it passes. */
export function exampleProfile(overrides: Partial<InferenceProviderProfile> = {}): InferenceProviderProfile {
  return {
    providerType: 'example',
    displayName: 'Example',
    defaultBaseUrl: 'https://api.example.com/v1',
    protocols: ['openai_chat_completions', 'openai_responses', 'model_discovery'],
    auth: { kind: 'bearer' },
    defaultHeaders: [],
    passthroughHeaders: [],
    credentialKeyNames: ['EXAMPLE_API_KEY'],
    baseUrlConfigKeys: ['EXAMPLE_BASE_URL'],
    ...overrides,
  }
}
