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
  // The organisation is billed, and one key can act for several: only the caller knows which.
  passthroughHeaders: ['openai-organization', 'openai-project', 'openai-beta'],
  credentialKeyNames: ['OPENAI_API_KEY'],
  baseUrlConfigKeys: ['OPENAI_BASE_URL'],
} as const satisfies InferenceProviderProfile
