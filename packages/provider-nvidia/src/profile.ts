import type { InferenceProviderProfile } from '@nemoclaw/proxy-core/provider'

/** NVIDIA's hosted NIM API, or a NIM of your own at `NVIDIA_BASE_URL`. */
export const nvidiaProfile = {
  providerType: 'nvidia',
  displayName: 'NVIDIA NIM',
  defaultBaseUrl: 'https://integrate.api.nvidia.com/v1',
  // Reranking is left out: NIM serves it at /v1/ranking, in a shape of its own. A NIM container also answers
  // /v1/messages, but the hosted API does not, and a profile promises what its default base URL keeps.
  protocols: [
    'openai_chat_completions',
    'openai_completions',
    'openai_responses',
    'openai_embeddings',
    'model_discovery',
  ],
  auth: { kind: 'bearer' },
  defaultHeaders: [],
  passthroughHeaders: [],
  credentialKeyNames: ['NVIDIA_API_KEY'],
  baseUrlConfigKeys: ['NVIDIA_BASE_URL'],
  defaultModel: 'meta/llama-3.1-8b-instruct',
  servesUnsetRoute: true,
} as const satisfies InferenceProviderProfile
