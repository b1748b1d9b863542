import type { ResolvedRoute, RouteSource } from '@nemoclaw/proxy-core'

/** What a route was resolved to, for the log and `proxy status`. Tells nothing of the credential. */
export interface RouteSummary {
  readonly provider: string
  readonly model: string
  readonly source: ResolvedRoute['source']
  /** Changes with anything that matters to an exchange. */
  readonly revision: string
  /** ISO 8601, UTC. */
  readonly resolvedAt: string
}

/** Where the routes of a session come from, and what they are now. */
export type RoutesState = (
  | { readonly configuration: 'stored'; readonly configVersion: number }
  | { readonly configuration: 'routes_file'; readonly routesFile: string }
) & {
  /** Absent while it cannot be resolved. */
  readonly route?: RouteSummary
  /** What cannot be used, a sentence each. Where the newest configuration is broken, the last good one is in force. */
  readonly problems: readonly string[]
}

/** What befell the configuration of a session, for its log. */
export interface ConfigurationEvent {
  readonly kind: 'config'
  readonly action: 'applied' | 'kept_last_good' | 'routes_file' | 'resolved' | 'unusable'
  readonly detail: string
}

/** A source of routes that watches its configuration and says what it makes of it. */
export interface SessionRoutes extends RouteSource {
  readonly state: RoutesState
  /** Resolves ahead of the first exchange, which then need not wait. Never rejects: `state` says what is wrong. */
  warm(): Promise<void>
  /** Stops watching. */
  close(): void
}
