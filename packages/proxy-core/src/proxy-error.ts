/**
 * Every way the proxy refuses or fails an exchange.
 *
 * Each row is the status the client sees (RFC 9110 §15), the `error.code` in the content, and the
 * registered reason sent in `Proxy-Status` (RFC 9209 §2.3), so that a caller can tell our 502 from the
 * provider's. docs/errors.md explains each; a test keeps it complete.
 */
export const FAILURES = {
  ERR_AUTHORITY_MALFORMED: [400, 'invalid_request', 'http_request_error'],
  ERR_REQUEST_MALFORMED: [400, 'invalid_request', 'http_request_error'],
  ERR_PATH_NOT_CANONICAL: [400, 'invalid_request', 'http_request_error'],
  ERR_CREDENTIAL_IN_QUERY: [400, 'invalid_request', 'http_request_error'],
  ERR_CONTENT_NOT_JSON_OBJECT: [400, 'invalid_request', 'http_request_error'],
  ERR_CONTENT_NOT_MULTIPART: [400, 'invalid_request', 'http_request_error'],
  ERR_CONTENT_INCOMPLETE: [400, 'invalid_request', 'http_request_error'],
  ERR_MODEL_AMBIGUOUS: [400, 'invalid_request', 'http_request_error'],
  ERR_SERVER_TOOL_DENIED: [403, 'server_tool_denied', 'http_request_denied'],
  ERR_NO_COMPATIBLE_ROUTE: [400, 'no_compatible_route', 'http_request_error'],
  ERR_SCHEME_IS_HTTPS: [400, 'invalid_request', 'http_request_error'],
  ERR_DESTINATION_DENIED: [403, 'destination_denied', 'http_request_denied'],
  ERR_ENDPOINT_NOT_ALLOWED: [403, 'endpoint_not_allowed', 'http_request_denied'],
  ERR_ORIGIN_DENIED: [403, 'origin_denied', 'http_request_denied'],
  ERR_MODEL_NOT_FOUND: [404, 'model_not_found', 'http_request_error'],
  ERR_METHOD_NOT_ALLOWED: [405, 'method_not_allowed', 'http_request_denied'],
  ERR_PROXY_AUTHENTICATION_REQUIRED: [407, 'proxy_authentication_required', 'http_request_denied'],
  ERR_REQUEST_TIMEOUT: [408, 'request_timeout', 'http_request_error'],
  ERR_CONTENT_TOO_LARGE: [413, 'content_too_large', 'http_request_error'],
  ERR_TARGET_TOO_LONG: [414, 'uri_too_long', 'http_request_error'],
  ERR_CONTENT_TYPE_UNSUPPORTED: [415, 'unsupported_media_type', 'http_request_error'],
  ERR_EXPECTATION_FAILED: [417, 'expectation_failed', 'http_request_error'],
  ERR_MISDIRECTED: [421, 'misdirected_request', 'http_request_error'],
  ERR_WEBSOCKET_NOT_SERVED: [426, 'websocket_not_served', 'http_request_denied'],
  ERR_HEAD_TOO_LARGE: [431, 'request_header_fields_too_large', 'http_request_error'],
  ERR_METHOD_NOT_IMPLEMENTED: [501, 'method_not_implemented', 'http_request_error'],
  ERR_DESTINATION_UNREACHABLE: [502, 'destination_unreachable', 'destination_unavailable'],
  ERR_DESTINATION_DNS: [502, 'destination_unreachable', 'dns_error'],
  ERR_DESTINATION_REFUSED: [502, 'destination_unreachable', 'connection_refused'],
  ERR_DESTINATION_CLOSED: [502, 'destination_unreachable', 'connection_terminated'],
  ERR_DESTINATION_PROTOCOL: [502, 'destination_protocol_error', 'http_protocol_error'],
  ERR_UPSTREAM_UNREACHABLE: [502, 'upstream_connection_failed', 'destination_unavailable'],
  ERR_UPSTREAM_DNS: [502, 'upstream_connection_failed', 'dns_error'],
  ERR_UPSTREAM_REFUSED: [502, 'upstream_connection_failed', 'connection_refused'],
  ERR_UPSTREAM_CLOSED: [502, 'upstream_connection_failed', 'connection_terminated'],
  ERR_UPSTREAM_CLEARTEXT: [502, 'upstream_connection_failed', 'destination_ip_prohibited'],
  ERR_UPSTREAM_TLS: [502, 'upstream_tls_failed', 'tls_certificate_error'],
  ERR_UPSTREAM_PROTOCOL: [502, 'upstream_protocol_error', 'http_protocol_error'],
  ERR_UPSTREAM_REDIRECT: [502, 'upstream_protocol_error', 'http_protocol_error'],
  ERR_UPSTREAM_PROXY_UNREACHABLE: [502, 'upstream_proxy_failed', 'destination_unavailable'],
  ERR_UPSTREAM_PROXY_REFUSED: [502, 'upstream_proxy_failed', 'destination_unavailable'],
  ERR_UPSTREAM_PROXY_CREDENTIAL: [502, 'upstream_proxy_failed', 'proxy_configuration_error'],
  ERR_UPSTREAM_PROXY_TLS: [502, 'upstream_proxy_failed', 'tls_certificate_error'],
  ERR_UPSTREAM_PROXY_PROTOCOL: [502, 'upstream_proxy_failed', 'http_protocol_error'],
  ERR_NOT_CONFIGURED: [503, 'inference_not_configured', 'proxy_configuration_error'],
  ERR_PROVIDER_MISSING: [503, 'provider_missing', 'proxy_configuration_error'],
  ERR_CREDENTIAL_UNAVAILABLE: [503, 'credential_unavailable', 'proxy_configuration_error'],
  ERR_TOO_MANY_TUNNELS: [503, 'too_many_tunnels', 'connection_limit_reached'],
  ERR_SHUTTING_DOWN: [503, 'proxy_shutting_down', 'destination_unavailable'],
  ERR_UPSTREAM_CONNECT_TIMEOUT: [504, 'upstream_timeout', 'connection_timeout'],
  ERR_UPSTREAM_FIRST_BYTE_TIMEOUT: [504, 'upstream_timeout', 'http_response_timeout'],
  ERR_UPSTREAM_IDLE_TIMEOUT: [504, 'upstream_timeout', 'connection_read_timeout'],
  ERR_DESTINATION_TIMEOUT: [504, 'destination_timeout', 'connection_timeout'],
  ERR_UPSTREAM_PROXY_TIMEOUT: [504, 'upstream_timeout', 'connection_timeout'],
  ERR_HTTP_VERSION: [505, 'http_version_not_supported', 'http_request_error'],
  ERR_LOOP_DETECTED: [508, 'loop_detected', 'proxy_loop_detected'],
  ERR_INTERNAL: [500, 'internal_error', 'proxy_internal_error'],
} as const satisfies Record<string, readonly [status: number, clientCode: string, proxyStatus: string]>

export type ProxyErrorCode = keyof typeof FAILURES

/**
 * An exchange the proxy could not complete, and why.
 *
 * `message` reaches the client: say what was wrong and what would be accepted. Credentials, provider
 * responses and local paths go in `cause`, which is only logged.
 */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly code: ProxyErrorCode
  readonly status: number
  readonly clientCode: string
  readonly proxyStatus: string

  constructor(code: ProxyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    ;[this.status, this.clientCode, this.proxyStatus] = FAILURES[code]
  }
}
