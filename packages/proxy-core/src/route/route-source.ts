import type { ResolvedRoute } from './resolved-route.js'

/** Where the proxy asks, once per exchange, which route serves it. */
export interface RouteSource {
  /**
   * @param requestedModel - What the client asked for; absent where it named none.
   * @returns Synchronously where the answer is known, so that the usual exchange does not wait a turn.
   * @throws {ProxyError} `ERR_NOT_CONFIGURED`, `ERR_PROVIDER_MISSING`, `ERR_CREDENTIAL_UNAVAILABLE` (503).
   */
  resolve(requestedModel: string | undefined): ResolvedRoute | Promise<ResolvedRoute>
}

/** A source with one route that never changes: for embedding the core and for tests. */
export function fixedRoute(route: ResolvedRoute): RouteSource {
  return { resolve: () => route }
}
