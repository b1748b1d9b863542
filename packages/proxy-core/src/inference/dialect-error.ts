import type { ProxyError } from '../proxy-error.js'
import type { Dialect } from './inference-endpoint.js'

/** @returns JSON in the shape the caller's SDK reads, so that a person sees our message and not a parse error. */
export function dialectError(dialect: Dialect, error: ProxyError): string {
  const { message, status, clientCode } = error
  return dialect === 'anthropic'
    ? JSON.stringify({
        type: 'error',
        error: { type: anthropicErrorType(status), message: `${clientCode}: ${message}` },
      })
    : JSON.stringify({ error: { message, type: openaiErrorType(status), code: clientCode, param: null } })
}

/** Names from Anthropic's API reference, "Errors". */
export function anthropicErrorType(status: number): string {
  switch (status) {
    case 401:
    case 407:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    case 504:
      return 'timeout_error'
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}

function openaiErrorType(status: number): string {
  switch (status) {
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 429:
      return 'rate_limit_error'
    default:
      return status >= 500 ? 'server_error' : 'invalid_request_error'
  }
}

/** @returns Which dialect a path belongs to, where no endpoint could be matched. */
export function dialectOfTarget(target: string | undefined): Dialect {
  return target !== undefined && /^\/v1\/messages(?:[/?]|$)/.test(target) ? 'anthropic' : 'openai'
}
