import type { EgressDenial } from './policy/egress-denied.js'

/** What becomes known of a request to leave the sandbox, as far as it went. */
export interface EgressFacts {
  /** The name of the token or listener that was used; absent for the proxy's own user. */
  client?: string | undefined
  /** Canonical. */
  host?: string
  port?: number
  /** The network policy that allows it, or comes nearest. */
  policy?: string | undefined
  /** It was allowed only because the proxy is learning. */
  isLearned?: true | undefined
  /** Why it was denied, for programs. */
  denial?: EgressDenial['why']
  /** Addresses that were judged. */
  addresses?: readonly string[]
  /** Of a forwarded request. */
  status?: number
  totalMs?: number
  requestBytes?: number
  responseBytes?: number
}

/** How a tunnel ended: `cut` is the end of the proxy itself. */
export type TunnelOutcome = 'complete' | 'client_aborted' | 'destination_failed' | 'idle' | 'revoked' | 'cut'
