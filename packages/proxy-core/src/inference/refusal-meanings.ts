import { FAILURES, type ProxyErrorCode } from '../proxy-error.js'

type ClientCode = (typeof FAILURES)[ProxyErrorCode][1]

/** What a client should make of each `error.code`, for a program to read; docs/errors.md says it to people. */
const MEANINGS: Readonly<Record<ClientCode, string>> = {
  invalid_request: 'The request is malformed or ambiguous; nothing was sent on. Do not retry it unchanged.',
  no_compatible_route: 'The provider behind the route does not speak this API.',
  server_tool_denied: 'The route denies tools that the provider runs itself.',
  destination_denied: 'No policy allows this destination.',
  endpoint_not_allowed: 'The method and path are none of the endpoints served.',
  origin_denied: 'Web pages are served only where the operator named their origin.',
  model_not_found: 'No such model is offered.',
  method_not_allowed: 'The path is served with another method.',
  proxy_authentication_required: 'The client has to show the token of the session.',
  request_timeout: 'The request did not arrive in time; retry it.',
  content_too_large: 'The content exceeds the limit.',
  uri_too_long: 'The path and query exceed the limit.',
  unsupported_media_type: 'Content-Type or Content-Encoding is not one that is read here.',
  expectation_failed: 'The only expectation met is 100-continue.',
  misdirected_request: 'Host names another place than this connection serves.',
  websocket_not_served: 'No WebSocket is served; use POST.',
  request_header_fields_too_large: 'The header exceeds the limit.',
  method_not_implemented: 'The method is not known.',
  upstream_connection_failed: 'The provider could not be reached, or closed the connection.',
  upstream_tls_failed: "The provider's certificate could not be verified; nothing was sent.",
  upstream_protocol_error: 'The provider sent what is no acceptable response.',
  upstream_proxy_failed: "The operator's own upstream proxy could not be reached, or did not open a tunnel.",
  destination_unreachable:
    'The destination is allowed, and could not be resolved or reached, or closed the connection.',
  destination_protocol_error: 'The destination sent what is no well-formed HTTP/1.1 response.',
  destination_timeout: 'The destination is allowed, and did not answer in time.',
  too_many_tunnels: 'As many tunnels are open as are served at once; close some, or retry later.',
  loop_detected: 'The request has passed this proxy before, or may not be forwarded any further.',
  inference_not_configured: 'The operator has not chosen a provider yet.',
  provider_missing: 'The provider of the route does not exist.',
  credential_unavailable: 'The credential of the provider cannot be used.',
  proxy_shutting_down: 'The proxy is about to end; retry in a moment.',
  upstream_timeout: 'The provider exceeded the limit for connecting, the first byte, or silence in between.',
  http_version_not_supported: 'Use HTTP/1.1.',
  internal_error: 'A fault in the proxy.',
}

/** By `error.code`: the statuses it comes with, and what it means. */
export function refusalMeanings(): Record<string, { readonly status: number[]; readonly meaning: string }> {
  const statuses = Object.values(FAILURES).map(([status, clientCode]) => ({ status, clientCode }))
  return Object.fromEntries(
    Object.entries(MEANINGS).map(([code, meaning]) => {
      const own = statuses.filter(({ clientCode }) => clientCode === code)
      return [code, { status: [...new Set(own.map(({ status }) => status))], meaning }]
    }),
  )
}
