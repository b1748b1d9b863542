import type { OnReadOpts, Socket } from 'node:net'
import { isNonGlobalAddress } from '../address/address-class.js'
import type { Authority } from '../http/authority.js'
import { connectThroughProxy } from './connect-through-proxy.js'
import { dial } from './dial.js'
import type { UpstreamProxy } from './upstream-proxy.js'

/** A destination that the gate allows, and the addresses it has checked; none where only an upstream proxy knows them. */
export interface CheckedDestination {
  readonly request: Authority
  readonly addresses: readonly string[]
}

export interface DialDestinationOptions {
  readonly upstreamProxy: UpstreamProxy | undefined
  /** Milliseconds until it is connected. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** For a connection of our own; that to an upstream proxy reads by events. */
  readonly onread?: OnReadOpts
}

/** Whether a destination is reached through the upstream proxy: what is of the network that this machine is in is not. */
export function goesThroughProxy(upstreamProxy: UpstreamProxy | undefined, addresses: readonly string[]): boolean {
  return upstreamProxy !== undefined && !addresses.some(isNonGlobalAddress)
}

/**
 * Connects to a destination: itself, at the addresses that were checked, or through the operator's own proxy.
 *
 * @throws {ProxyError} 502, 503 or 504.
 */
export async function dialDestination(
  { request, addresses }: CheckedDestination,
  { upstreamProxy, timeoutMs, signal, onread }: DialDestinationOptions,
): Promise<Socket> {
  if (!upstreamProxy || !goesThroughProxy(upstreamProxy, addresses)) {
    return dial(request, { addresses, timeoutMs, signal, ...(onread && { onread }) })
  }
  const { socket, head } = await connectThroughProxy(upstreamProxy, request, { timeoutMs, signal, allowHalfOpen: true })
  socket.unshift(head)
  return socket
}
