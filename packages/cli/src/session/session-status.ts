import type { PolicyState } from './live-policy.js'
import type { RoutesState } from './session-routes.js'

/** What `GET /status` on the control socket answers; `proxy status --json` prints it, so it is a public contract. */
export type SessionStatus = RoutesState & {
  readonly pid: number
  readonly url: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly exchangesUnderWay: number
  readonly tunnelsOpen: number
  /** Where each client that has a listener of its own is served. */
  readonly clientUrls: Readonly<Record<string, string>>
  readonly policy: PolicyState
  /** The operator's own proxy, e.g. `http://proxy.corp:3128`. */
  readonly upstreamProxy?: string
}
