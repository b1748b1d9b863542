import type { Answer } from './answer/answer.js'
import type { Dialect } from './answer/dialect.js'
import { anthropicCountTokens, anthropicMessages } from './dialect/anthropic-messages.js'
import type { MockExchange } from './dialect/exchange.js'
import { openaiChat } from './dialect/openai-chat.js'

/** One method and path the provider serves. */
export interface Endpoint {
  readonly dialect: Dialect
  /** Members without which the vendor answers 400. */
  readonly required: readonly string[]
  readonly answer: (exchange: MockExchange) => Answer
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  'POST /v1/chat/completions': { dialect: 'openai', required: ['model', 'messages'], answer: openaiChat },
  'POST /v1/messages': {
    dialect: 'anthropic',
    required: ['model', 'messages', 'max_tokens'],
    answer: anthropicMessages,
  },
  'POST /v1/messages/count_tokens': {
    dialect: 'anthropic',
    required: ['model', 'messages'],
    answer: anthropicCountTokens,
  },
}

/** The endpoint, or the status with which it is refused: 404 no such path, 405 another method. */
export function matchEndpoint(method: string, path: string): Endpoint | 404 | 405 {
  const endpoint = ENDPOINTS[`${method} ${path}`]
  if (endpoint) {
    return endpoint
  }
  return Object.keys(ENDPOINTS).some((key) => key.endsWith(` ${path}`)) ? 405 : 404
}

/** The dialect in which a path without endpoint is refused. */
export function dialectOfPath(path: string): Dialect {
  return path.startsWith('/v1/messages')
    ? 'anthropic'
    : path.startsWith('/v1/responses')
      ? 'openai_responses'
      : 'openai'
}
