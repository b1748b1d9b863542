import type { InferenceProtocol } from '../provider/index.js'

/** In whose shapes a client expects errors and lists. */
export type Dialect = 'openai' | 'anthropic'

/** How a request's content carries the model. */
export type ContentForm = 'json' | 'multipart' | 'none'

/** An inference method and path that `inference.local` serves. */
export interface InferenceEndpoint {
  readonly method: 'GET' | 'POST'
  /** Exact path; one that ends in `/` matches everything below it and is answered by the proxy itself. */
  readonly path: string
  readonly protocol: InferenceProtocol
  readonly dialect: Dialect
  readonly form: ContentForm
}

function post(path: string, protocol: InferenceProtocol, form: ContentForm = 'json'): InferenceEndpoint {
  const dialect = protocol === 'anthropic_messages' ? 'anthropic' : 'openai'
  return { method: 'POST', path, protocol, dialect, form }
}

/** Where a program reads what it can ask for, within which limits, and what our refusals mean. Nothing else is there. */
export const SELF_DESCRIPTION_PATH = '/.well-known/nemoclaw'

/** Everything served. What is not here is refused with this list. */
export const INFERENCE_ENDPOINTS: readonly InferenceEndpoint[] = [
  post('/v1/chat/completions', 'openai_chat_completions'),
  post('/v1/completions', 'openai_completions'),
  post('/v1/responses', 'openai_responses'),
  post('/v1/embeddings', 'openai_embeddings'),
  post('/v1/messages', 'anthropic_messages'),
  post('/v1/messages/count_tokens', 'anthropic_messages'),
  post('/v1/audio/speech', 'openai_audio'),
  post('/v1/audio/transcriptions', 'openai_audio', 'multipart'),
  post('/v1/audio/translations', 'openai_audio', 'multipart'),
  post('/v1/images/generations', 'openai_images'),
  post('/v1/images/edits', 'openai_images', 'multipart'),
  post('/v1/images/variations', 'openai_images', 'multipart'),
  post('/v1/moderations', 'openai_moderations'),
  post('/v1/rerank', 'rerank'),
  { method: 'GET', path: '/v1/models', protocol: 'model_discovery', dialect: 'openai', form: 'none' },
  { method: 'GET', path: SELF_DESCRIPTION_PATH, protocol: 'model_discovery', dialect: 'openai', form: 'none' },
  { method: 'GET', path: '/v1/models/', protocol: 'model_discovery', dialect: 'openai', form: 'none' },
]
