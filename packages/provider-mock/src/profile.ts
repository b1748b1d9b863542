import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'

/** The embedded provider: answers every protocol on this machine, with no account and no network. */
export const mockProfile = {
  providerType: 'mock',
  displayName: 'Mock provider',
  // Where `nemoclaw mock serve` listens unless told otherwise.
  defaultBaseUrl: 'http://127.0.0.1:4141/v1',
  protocols: [
    'openai_chat_completions',
    'openai_completions',
    'openai_responses',
    'openai_embeddings',
    'openai_audio',
    'openai_images',
    'openai_moderations',
    'anthropic_messages',
    'rerank',
    'model_discovery',
  ],
  auth: { kind: 'bearer' },
  defaultHeaders: [],
  // What the vendors' own profiles let pass, so that a client behaves here as it will there.
  passthroughHeaders: [
    'anthropic-beta',
    'anthropic-version',
    'openai-beta',
    'openai-organization',
    'openai-project',
    'x-client-request-id',
  ],
  credentialKeyNames: ['MOCK_API_KEY'],
  baseUrlConfigKeys: ['MOCK_BASE_URL'],
  defaultModel: 'mock/echo',
} as const satisfies InferenceProviderProfile
