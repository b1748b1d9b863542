import type { RoutesState } from './session-routes.js'

/** What `GET /status` on the control socket answers; `proxy status --json` prints it, so it is a public contract. */
export type SessionStatus = RoutesState & {
  readonly pid: number
  readonly url: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly exchangesUnderWay: number
}
