/**
 * The inference protocols that `inference.local` serves, named after whose API defined them.
 * A profile lists those its provider speaks.
 */
export const INFERENCE_PROTOCOLS = [
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
] as const

export type InferenceProtocol = (typeof INFERENCE_PROTOCOLS)[number]
