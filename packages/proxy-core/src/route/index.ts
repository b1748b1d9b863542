/** What a route is, for who only shows one: nothing here loads more than itself. */
export {
  DEFAULT_ROUTE_TIMEOUTS,
  type ResolvedRoute,
  type RouteSourceKind,
  type RouteTimeouts,
} from './resolved-route.js'
