export type { ClientAccess } from './access/authenticate-client.js'
export { upstreamFields } from './inference/upstream-fields.js'
export { upstreamUrl } from './inference/upstream-url.js'
export { type ProxyOptions, type RunningProxy, startProxy } from './proxy.js'
export { FAILURES, ProxyError, type ProxyErrorCode } from './proxy-error.js'
export type { EgressEvent, ExchangeEvent, FaultEvent, ProxyEvent, ProxyEventListener } from './proxy-event.js'
export type { ProxyLimits } from './proxy-server.js'
export { Credential } from './route/credential.js'
export {
  DEFAULT_ROUTE_TIMEOUTS,
  type ResolvedRoute,
  type RouteSourceKind,
  type RouteTimeouts,
} from './route/resolved-route.js'
export { fixedRoute, type RouteSource } from './route/route-source.js'
