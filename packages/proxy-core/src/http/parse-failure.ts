import { ProxyError } from '../proxy-error.js'

const TLS_HANDSHAKE = 0x16
const SOCKS_VERSIONS: ReadonlySet<number> = new Set([4, 5])
const METHOD_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ /

interface UnparsableError extends NodeJS.ErrnoException {
  readonly reason?: string
  readonly rawPacket?: Buffer
  /** Of the packet, before the offending byte. */
  readonly bytesParsed?: number
}

/**
 * Says what Node's parser or its timers refused, in our terms.
 *
 * @param error - From `clientError`: `code` and `reason` are llhttp's or Node's, `rawPacket` what was being parsed.
 * @param where - `read_tunnel`: inside a tunnel whose requests are judged.
 * @returns `undefined` where the client is gone or never began, so that there is nobody to answer.
 */
export function parseFailure(
  { code, reason, rawPacket, bytesParsed = 0 }: UnparsableError,
  where: 'connection' | 'read_tunnel' = 'connection',
): ProxyError | undefined {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return undefined
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProxyError('ERR_REQUEST_TIMEOUT', 'The request did not arrive in time.')
    case 'HPE_HEADER_OVERFLOW':
      return new ProxyError('ERR_HEAD_TOO_LARGE', 'The request line and header fields are too large.')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ProxyError('ERR_CONTENT_TOO_LARGE', 'The chunk extensions are too large.')
    case 'HPE_INVALID_VERSION':
      return reason === 'Invalid HTTP version'
        ? new ProxyError('ERR_HTTP_VERSION', 'Only HTTP/1.1 and HTTP/1.0 are served here.')
        : malformed('The request line goes on behind the version.')
    case 'HPE_INVALID_METHOD':
      return invalidMethod(rawPacket?.subarray(bytesParsed) ?? Buffer.alloc(0), where)
    case 'HPE_INVALID_EOF_STATE':
      return malformed('The connection ended before the request was complete.')
    default:
      // The packet itself may hold a credential: of the parser's error only its fixed words are passed on.
      return malformed(`This is not a well-formed HTTP/1.1 request${reason ? ` (${reason})` : ''}.`)
  }
}

function invalidMethod(packet: Buffer, where: 'connection' | 'read_tunnel'): ProxyError {
  if (where === 'read_tunnel') {
    return malformed(
      'The policy has rules for this destination, so that only plain HTTP/1.1 can pass: TLS could not be looked into.',
    )
  }
  if (packet[0] === TLS_HANDSHAKE) {
    return malformed('TLS on the plain proxy port: write the proxy URL with http://, not https://.')
  }
  if (SOCKS_VERSIONS.has(packet[0] ?? 0)) {
    return malformed('This is an HTTP proxy, not a SOCKS proxy: write the proxy URL with http://.')
  }
  return METHOD_TOKEN.test(packet.toString('latin1', 0, 2048))
    ? new ProxyError('ERR_METHOD_NOT_IMPLEMENTED', 'The request method is not known here.')
    : malformed('This is not an HTTP request.')
}

function malformed(message: string): ProxyError {
  return new ProxyError('ERR_REQUEST_MALFORMED', message)
}
