import type { EgressEvent, ProxyEvent } from '@nemoclaw/proxy-core'

/** Denials of one destination for one reason, as `policy why` shows them; what `--json` prints, and so a public contract. */
export interface DenialGroup {
  readonly host: string
  readonly port: number
  readonly reason: string
  /** Why, for programs: `no_policy`, `port`, `program`, `address`, ... */
  readonly why: string
  readonly policy?: string
  /** Names of clients; empty where they have none. */
  readonly clients: readonly string[]
  readonly count: number
  /** ISO 8601, UTC. */
  readonly lastAt: string
  /** What would allow it; empty where nothing can. */
  readonly nextSteps: readonly string[]
}

/** A client chooses what it asks for: what is kept of it has to end somewhere. */
const MAX_GROUPS = 256
const MAX_CLIENTS = 16

/** The latest denials of a session, in memory. */
export class DenialRecord {
  readonly #groups = new Map<string, DenialGroup>()
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  hear(event: ProxyEvent): void {
    if (event.kind !== 'egress' || event.action !== 'deny' || event.denial === undefined) return
    const { host, port, reason = '', denial: why, policy, client, nextSteps = [] } = event
    if (host === undefined || port === undefined) return
    const key = `${host} ${port} ${reason}`
    const known = this.#groups.get(key)
    const clients = [...new Set([...(known?.clients ?? []), ...(client === undefined ? [] : [client])])]
    // Taken out first, so that the map is in the order of the latest denial.
    this.#groups.delete(key)
    this.#groups.set(key, {
      host,
      port,
      reason,
      why,
      ...(policy !== undefined && { policy }),
      clients: clients.slice(0, MAX_CLIENTS),
      count: (known?.count ?? 0) + 1,
      lastAt: this.#now().toISOString(),
      nextSteps,
    })
    if (this.#groups.size > MAX_GROUPS) {
      this.#groups.delete(this.#groups.keys().next().value!)
    }
  }

  /** The newest first. */
  get groups(): readonly DenialGroup[] {
    return [...this.#groups.values()].toReversed()
  }
}

/** Whether it passed only because the proxy is learning. */
export function isLearned(event: ProxyEvent): event is EgressEvent & { readonly host: string; readonly port: number } {
  return event.kind === 'egress' && event.isLearned === true && event.host !== undefined && event.port !== undefined
}
