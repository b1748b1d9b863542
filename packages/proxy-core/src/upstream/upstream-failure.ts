import { ProxyError, type ProxyErrorCode } from '../proxy-error.js'

const TLS_CODES =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|EPROTO)/
const CLOSED_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
const PROTOCOL_CODES = /^(?:HPE_|UND_ERR_(?:RES_|HEADERS_OVERFLOW|REQ_|INVALID))/

/**
 * Says in our words why a provider could not be reached or understood. What the network said goes in `cause`.
 *
 * @param origin - Scheme, host and port, for the message.
 * @param phase - Whether the head of the response was there already.
 */
export function upstreamFailure(
  error: unknown,
  origin: string,
  phase: 'before_response' | 'mid_response' = 'before_response',
): ProxyError {
  if (error instanceof ProxyError) {
    return error
  }
  const code = errorCode(error)
  const [failure, sentence] =
    phase === 'mid_response' && CLOSED_CODES.has(code)
      ? (['ERR_UPSTREAM_CLOSED', 'The provider at {origin} broke off in the middle of its answer'] as const)
      : classify(code)
  return new ProxyError(failure, `${sentence.replace('{origin}', origin)} (${code}).`, { cause: error })
}

function classify(code: string): [ProxyErrorCode, string] {
  if (isTlsCode(code)) {
    return ['ERR_UPSTREAM_TLS', 'The certificate or TLS of {origin} could not be verified; nothing was sent']
  }
  if (PROTOCOL_CODES.test(code)) {
    return ['ERR_UPSTREAM_PROTOCOL', 'The provider at {origin} sent what is no valid HTTP/1.1 response']
  }
  if (CLOSED_CODES.has(code)) {
    return ['ERR_UPSTREAM_CLOSED', 'The provider at {origin} closed the connection before it answered']
  }
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
      return ['ERR_UPSTREAM_DNS', 'The host of {origin} could not be resolved']
    case 'ECONNREFUSED':
      return ['ERR_UPSTREAM_REFUSED', 'Nothing answers at {origin}: the connection was refused']
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return ['ERR_UPSTREAM_CONNECT_TIMEOUT', 'No connection to {origin} within the connect limit']
    default:
      return ['ERR_UPSTREAM_UNREACHABLE', 'The provider at {origin} could not be reached']
  }
}

/** Whether TLS is what failed: the certificate, the name in it, or the handshake. */
export function isTlsCode(code: string): boolean {
  return TLS_CODES.test(code)
}

/** Node's happy-eyeballs failure is an AggregateError with the codes one level down. */
export function errorCode(error: unknown): string {
  const { code, name, errors, cause } = error as { code?: unknown; name?: unknown; errors?: unknown[]; cause?: unknown }
  if (typeof code === 'string') {
    return code
  }
  if (name === 'HTTPParserError') {
    return 'HPE_INVALID' // Undici names no code for some of them.
  }
  const inner = errors?.[0] ?? cause
  return inner === undefined ? 'unknown' : errorCode(inner)
}
