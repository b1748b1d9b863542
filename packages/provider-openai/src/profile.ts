import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'

/** OpenAI's public API, or any server that speaks its dialect at `OPENAI_BASE_URL`. */
export const openaiProfile = {
  providerType: 'openai',
  displayName: 'OpenAI',
  defaultBaseUrl: 'https://api.openai.com/v1',
  protocols: [
    'openai_chat_completions',
    'openai_completions',
    'openai_responses',
    'openai_embeddings',
    'openai_audio',
    'openai_images',
    'openai_moderations',
    'model_discovery',
  ],
  auth: { kind: 'bearer' },
  defaultHeaders: [],
  passthroughHeaders: [
    // The organisation is billed, and one key can act for several: only the caller knows which.
    'openai-organization',
    'openai-project',
    // Selects previews, e.g. of the Responses API.
    'openai-beta',
    // The caller's own request id, which support can look up.
    'x-client-request-id',
  ],
  credentialKeyNames: ['OPENAI_API_KEY'],
  baseUrlConfigKeys: ['OPENAI_BASE_URL'],
} as const satisfies InferenceProviderProfile
