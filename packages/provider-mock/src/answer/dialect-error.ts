import { type Answer, type Field, jsonAnswer, type StreamEvent } from './answer.js'
import type { Dialect } from './dialect.js'

/** An error as a vendor words it: HTTP status, and what goes into the error object. */
export interface VendorError {
  readonly status: number
  readonly message: string
  /** OpenAI's `error.code`, e.g. `model_not_found`. */
  readonly code?: string
  /** OpenAI's `error.param`: the field at fault. */
  readonly param?: string
}

const OPENAI_TYPES: Readonly<Record<number, string>> = {
  403: 'request_forbidden',
  408: 'server_error',
  429: 'requests',
  500: 'server_error',
  502: 'server_error',
  503: 'server_error',
  529: 'server_error',
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  502: 'api_error',
  503: 'api_error',
  529: 'overloaded_error',
}

/** The error as a complete response in the dialect. */
export function errorAnswer(
  dialect: Dialect,
  error: VendorError,
  requestId: string,
  fields: readonly Field[] = [],
): Answer {
  const value = dialect === 'anthropic' ? anthropicError(error, requestId) : { error: openaiError(error) }
  return jsonAnswer(value, error.status, fields)
}

/** The error as the event a vendor sends when a stream that began well goes wrong. */
export function errorEvent(dialect: Dialect, error: VendorError, requestId: string): StreamEvent {
  if (dialect === 'anthropic') {
    return { event: 'error', data: anthropicError(error, requestId) }
  }
  if (dialect === 'openai_responses') {
    const { code, message, param } = openaiError(error)
    return { event: 'error', data: { type: 'error', code: code ?? 'server_error', message, param, sequence_number: 3 } }
  }
  return { data: { error: openaiError(error) } }
}

function openaiError({ status, message, code, param }: VendorError) {
  return {
    message,
    type: OPENAI_TYPES[status] ?? 'invalid_request_error',
    param: param ?? null,
    code: code ?? null,
  }
}

function anthropicError({ status, message }: VendorError, requestId: string) {
  return {
    type: 'error',
    error: { type: ANTHROPIC_TYPES[status] ?? 'invalid_request_error', message },
    request_id: requestId,
  }
}
