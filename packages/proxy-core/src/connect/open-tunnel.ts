import type { Socket } from 'node:net'
import type { LoopbackClients } from '../access/loopback-clients.js'
import type { TunnelOutcome } from '../egress-facts.js'
import type { AuthorizedEgress, Identify } from '../policy/authorize-egress.js'
import { EgressDenied } from '../policy/egress-denied.js'
import type { LiveEgress } from '../policy/live-egress.js'
import type { DestinationCount } from '../upstream/destination-count.js'
import { dialDestination, goesThroughProxy } from '../upstream/dial-destination.js'
import type { UpstreamProxy } from '../upstream/upstream-proxy.js'
import { TunnelRelay } from './relay-tunnel.js'
import type { TunnelBuffers } from './tunnel-buffers.js'

export interface TunnelContext {
  readonly count: DestinationCount
  readonly buffers: TunnelBuffers
  readonly live: LiveEgress
  /** Milliseconds for the TCP handshake with the destination. */
  readonly dialTimeoutMs: number
  /** Milliseconds without a byte either way. */
  readonly idleTimeoutMs: number
  /** The same behind the end of a client of which nobody can tell whether it is still there. */
  readonly halfClosedTimeoutMs: number
  readonly clients: LoopbackClients
  /** Where destinations are reached through another proxy. */
  readonly upstreamProxy: UpstreamProxy | undefined
}

/** How a tunnel ended, and what passed through it, in bytes. */
export interface TunnelEnd {
  readonly outcome: TunnelOutcome
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly totalMs: number
}

/** A connection to a destination, ready to be joined with the client's. */
export interface Tunnel {
  /** Milliseconds since bytes last passed. */
  readonly idleMs: number
  /**
   * Relays until it ends. To be called once, behind the answer to the client.
   *
   * @param head - Bytes the client sent behind its request.
   */
  run(head: Buffer): Promise<TunnelEnd>
  /** Cuts it off. */
  end(outcome: TunnelOutcome): void
}

/**
 * Dials a destination that the gate allows, at the addresses it has checked.
 *
 * @param leave - Called once when the tunnel has ended; not where it is not opened.
 * @throws {ProxyError} 502 or 504.
 */
export async function openTunnel(
  authorized: AuthorizedEgress,
  identify: Identify,
  client: Socket,
  context: TunnelContext,
  leave: () => void,
): Promise<Tunnel> {
  const { live, buffers, upstreamProxy } = context
  const startedAt = performance.now()
  const relay = new TunnelRelay(client, buffers)
  const cut = new AbortController()
  let isDialled = false
  // From before it is dialled: a policy that changes meanwhile is the one that holds.
  const forget = live.add(authorized, identify, (denied) => (isDialled ? relay.end('revoked') : cut.abort(denied)))
  const onGone = () => cut.abort()
  client.once('close', onGone)
  if (client.destroyed) {
    onGone()
  }
  const isProxied = goesThroughProxy(upstreamProxy, authorized.addresses)
  let destination: Socket
  try {
    const options = { upstreamProxy, timeoutMs: context.dialTimeoutMs, signal: cut.signal, onread: relay.onread }
    destination = await dialDestination(authorized, options)
  } catch (error) {
    forget()
    throw cut.signal.reason instanceof EgressDenied ? cut.signal.reason : error
  } finally {
    client.off('close', onGone)
  }
  isDialled = true
  // Behind an upstream proxy's answer: what was said to it is not the tunnel's.
  const before = { written: destination.bytesWritten, read: destination.bytesRead - destination.readableLength }
  return {
    get idleMs() {
      return relay.idleMs
    },
    end: (outcome) => relay.end(outcome),
    run: async (head) => {
      const outcome = await relay.run(destination, head, { ...context, readsByItself: !isProxied })
      forget()
      leave()
      return {
        outcome,
        sentBytes: destination.bytesWritten - before.written,
        receivedBytes: destination.bytesRead - before.read,
        totalMs: Math.round(performance.now() - startedAt),
      }
    },
  }
}
