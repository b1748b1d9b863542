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
/**
 * Of a reason, and of the next steps together, in bytes of JSON: paths of programs are in them. All groups together
 * have to fit into one answer of the control socket, with their clients.
 */
const MAX_TEXT_BYTES = 1024
const CUT = ' [...]'
/** Stands for a line that would be cut; a remark to a shell, should it be pasted. */
const STEPS_LEFT_OUT = '# What would allow it is too long to be kept here; it is in the log.'

/** The latest denials of a session, in memory. */
export class DenialRecord {
  readonly #groups = new Map<string, DenialGroup>()
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  hear(event: ProxyEvent): void {
    if (event.kind !== 'egress' || event.action !== 'deny' || event.denial === undefined) return
    const { host, port, denial: why, policy, client } = event
    if (host === undefined || port === undefined) return
    const reason = shortened(event.reason ?? '')
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
      nextSteps: shortEnough(event.nextSteps ?? []),
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

function shortened(text: string): string {
  if (jsonBytes(text) <= MAX_TEXT_BYTES) return text
  let kept = ''
  let bytes = CUT.length
  for (const character of text) {
    bytes += jsonBytes(character)
    if (bytes > MAX_TEXT_BYTES) break
    kept += character
  }
  return `${kept}${CUT}`
}

/** Those that are whole: half a command is none, or another one. */
function shortEnough(steps: readonly string[]): readonly string[] {
  let bytes = 0
  const kept = steps.filter((step) => {
    const isKept = bytes + jsonBytes(step) <= MAX_TEXT_BYTES
    if (isKept) bytes += jsonBytes(step)
    return isKept
  })
  return kept.length === 0 && steps.length > 0 ? [STEPS_LEFT_OUT] : kept
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2
}

/** Whether it passed only because the proxy is learning. */
export function isLearned(event: ProxyEvent): event is EgressEvent & { readonly host: string; readonly port: number } {
  return event.kind === 'egress' && event.isLearned === true && event.host !== undefined && event.port !== undefined
}
