import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from './answer/answer.js'
import type { Dialect } from './answer/dialect.js'
import { anthropicCountTokens, anthropicMessages } from './dialect/anthropic-messages.js'
import type { MockExchange } from './dialect/exchange.js'
import { listModels, retrieveModel } from './dialect/models.js'
import { openaiChat } from './dialect/openai-chat.js'
import { openaiCompletions } from './dialect/openai-completions.js'
import { openaiEmbeddings } from './dialect/openai-embeddings.js'
import { openaiImages } from './dialect/openai-images.js'
import { openaiModerations } from './dialect/openai-moderations.js'
import { openaiResponses } from './dialect/openai-responses.js'
import { openaiSpeech } from './dialect/openai-speech.js'
import { openaiTranscription } from './dialect/openai-transcriptions.js'
import { rerank } from './dialect/rerank.js'

/** One method and path the provider serves. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly dialect: Dialect
  /** Members without which the vendor answers 400. */
  readonly required: readonly string[]
  readonly answer: (exchange: MockExchange) => Answer
}

const post = (dialect: Dialect, required: readonly string[], answer: Endpoint['answer']): Endpoint => ({
  method: 'POST',
  dialect,
  required,
  answer,
})

const POSTS: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': post('openai', ['model', 'messages'], openaiChat),
  '/v1/completions': post('openai', ['model', 'prompt'], openaiCompletions),
  '/v1/responses': post('openai_responses', ['model'], openaiResponses),
  '/v1/embeddings': post('openai', ['model', 'input'], openaiEmbeddings),
  '/v1/moderations': post('openai', ['input'], openaiModerations),
  '/v1/rerank': post('openai', ['model', 'query', 'documents'], rerank),
  '/v1/audio/speech': post('openai', ['model', 'input', 'voice'], openaiSpeech),
  '/v1/audio/transcriptions': post('openai', ['model', 'file'], openaiTranscription('transcribe')),
  '/v1/audio/translations': post('openai', ['model', 'file'], openaiTranscription('translate')),
  '/v1/images/generations': post('openai', ['prompt'], openaiImages('generation')),
  '/v1/images/edits': post('openai', ['prompt'], openaiImages('edit')),
  '/v1/images/variations': post('openai', [], openaiImages('variation')),
  '/v1/messages': post('anthropic', ['model', 'messages', 'max_tokens'], anthropicMessages),
  '/v1/messages/count_tokens': post('anthropic', ['model', 'messages'], anthropicCountTokens),
}

const MODELS = '/v1/models'

/** The endpoint, or the status with which it is refused: 404 no such path, 405 another method. */
export function matchEndpoint(method: string, path: string, headers: IncomingHttpHeaders): Endpoint | 404 | 405 {
  const endpoint = path === MODELS || path.startsWith(`${MODELS}/`) ? modelsEndpoint(path, headers) : POSTS[path]
  return endpoint === undefined ? 404 : endpoint.method === method ? endpoint : 405
}

/** The dialect in which a path without endpoint is refused. */
export function dialectOfPath(path: string): Dialect {
  return path.startsWith('/v1/messages') ? 'anthropic' : 'openai'
}

function modelsEndpoint(path: string, headers: IncomingHttpHeaders): Endpoint | undefined {
  // Both vendors list models under the same path; only this field tells their clients apart.
  const dialect = headers['anthropic-version'] === undefined ? 'openai' : 'anthropic'
  const id = decodeIdentifier(path.slice(MODELS.length + 1))
  return id === undefined
    ? undefined
    : {
        method: 'GET',
        dialect,
        required: [],
        answer: (exchange) => (id === '' ? listModels(dialect) : retrieveModel(dialect, id, exchange)),
      }
}

function decodeIdentifier(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
