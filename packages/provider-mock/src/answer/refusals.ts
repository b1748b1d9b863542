import type { Dialect } from './dialect.js'
import type { VendorError } from './dialect-error.js'

const MESSAGES: Readonly<Record<number, readonly [message: string, code?: string]>> = {
  400: ['Invalid request.'],
  401: ['Incorrect API key provided.', 'invalid_api_key'],
  403: ['You do not have access to this resource.', 'access_denied'],
  408: ['The request timed out.'],
  409: ['The resource was changed by another request.'],
  413: ['Request exceeds the maximum size.', 'request_too_large'],
  422: ['The request was well-formed but could not be processed.'],
  429: ['Rate limit reached. Please try again later.', 'rate_limit_exceeded'],
  500: ['The server had an error while processing your request.', 'server_error'],
  502: ['Bad gateway.'],
  503: ['The engine is currently overloaded, please try again later.', 'service_unavailable'],
  529: ['Overloaded'],
}

/** The error a fault such as `mock/429` asks for. */
export function vendorError(status: number, model: string): VendorError {
  if (status === 404) {
    return modelNotFound(model)
  }
  const [message, code] = MESSAGES[status] ?? [`The provider answered ${status}.`]
  return { status, message, ...(code !== undefined && { code }) }
}

export function modelNotFound(model: string): VendorError {
  return {
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    code: 'model_not_found',
  }
}

/** 401; with a hint of the key that came, masked as the vendors do. */
export function keyRefused(dialect: Dialect, credential: string): VendorError {
  if (dialect === 'anthropic') {
    return { status: 401, message: credential === '' ? 'x-api-key header is required' : 'invalid x-api-key' }
  }
  return {
    status: 401,
    message:
      credential === ''
        ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
        : `Incorrect API key provided: ${credential.slice(0, 3)}***${credential.length > 11 ? credential.slice(-4) : ''}.`,
    code: 'invalid_api_key',
  }
}

export function endpointMissing(status: 404 | 405, method: string, path: string): VendorError {
  return status === 404
    ? { status, message: `Invalid URL (${method} ${path})` }
    : { status, message: `Not allowed to ${method} on ${path}.`, code: 'method_not_supported' }
}

export function memberMissing(dialect: Dialect, name: string): VendorError {
  return dialect === 'anthropic'
    ? { status: 400, message: `${name}: Field required` }
    : {
        status: 400,
        message: `Missing required parameter: '${name}'.`,
        code: 'missing_required_parameter',
        param: name,
      }
}

export const CONTENT_NOT_JSON: VendorError = {
  status: 400,
  message: 'We could not parse the JSON content of your request: it is not a JSON object.',
}

export const MAX_TOKENS_REJECTED: VendorError = {
  status: 422,
  message: "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
  code: 'unsupported_parameter',
  param: 'max_tokens',
}
