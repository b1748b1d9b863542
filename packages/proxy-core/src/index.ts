export { FAILURES, ProxyError, type ProxyErrorCode } from './proxy-error.js'
export { Credential } from './route/credential.js'
export {
  DEFAULT_ROUTE_TIMEOUTS,
  type ResolvedRoute,
  type RouteSourceKind,
  type RouteTimeouts,
} from './route/resolved-route.js'
