/**
 * The parts that a control plane shares with the data plane, so that a provider is asked by `verify` exactly as it will
 * be asked by the proxy. Without the proxy itself, which takes longer to load.
 */
export { INFERENCE_ENDPOINTS, type InferenceEndpoint } from './inference/inference-endpoint.js'
export { upstreamFields } from './inference/upstream-fields.js'
export { upstreamUrl } from './inference/upstream-url.js'
export { ProxyError, type ProxyErrorCode } from './proxy-error.js'
export { Credential } from './route/credential.js'
export { DEFAULT_ROUTE_TIMEOUTS, type ResolvedRoute, type RouteSourceKind } from './route/resolved-route.js'
export { checkServerIdentity } from './upstream/check-server-identity.js'
export {
  type ConnectThroughProxyOptions,
  connectThroughProxy,
  type ProxyTunnel,
} from './upstream/connect-through-proxy.js'
export { guardedLookup, literalAddressRefusal } from './upstream/guarded-lookup.js'
export { leadsOutside } from './upstream/leads-outside.js'
export { UpstreamProxy, type UpstreamProxyOptions } from './upstream/upstream-proxy.js'
