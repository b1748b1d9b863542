import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type AccessContext, authenticateClient } from '../access/authenticate-client.js'
import type { IdentifyPrograms } from '../access/calling-program.js'
import type { EgressFacts } from '../egress-facts.js'
import { type Authority, parseAuthority, sameAuthority } from '../http/authority.js'
import { announcesContent, checkRequestHead } from '../http/request-head.js'
import { authorizeEgress, type EgressContext } from '../policy/authorize-egress.js'
import { ProxyError } from '../proxy-error.js'
import { openTunnel, type Tunnel, type TunnelContext } from './open-tunnel.js'

/** The only place that is intercepted. */
export const INFERENCE_AUTHORITY: Authority = { host: 'inference.local', port: 443 }

export interface ConnectContext {
  readonly access: AccessContext
  readonly identify: IdentifyPrograms
  readonly egress: EgressContext
  readonly tunnels: TunnelContext
}

/** What a CONNECT that is not refused leads to. */
export type ConnectWay =
  /** TLS is spoken on the connection and what comes decrypted is served. */
  | { readonly kind: 'intercept' }
  /** The destination has rules: requests in clear text are read from the connection, and each is judged. */
  | { readonly kind: 'inspect'; readonly destination: Authority }
  | { readonly kind: 'tunnel'; readonly tunnel: Tunnel }

/**
 * Serves one CONNECT (RFC 9110 §9.3.6): intercepts `inference.local`, tunnels what the policy allows, refuses the rest.
 * Writes nothing.
 *
 * @param facts - Gathers what becomes known, also of a request that is refused in the end.
 * @throws {ProxyError} 400, 403, 407, 414, 431, 502, 503, 504 or 505.
 */
export async function serveConnect(
  request: IncomingMessage,
  client: Socket,
  { access, identify, egress, tunnels }: ConnectContext,
  facts: EgressFacts,
): Promise<ConnectWay> {
  const fields = checkRequestHead(request)
  if (announcesContent(fields)) {
    throw new ProxyError('ERR_REQUEST_MALFORMED', 'CONNECT carries no content.')
  }
  const destination = parseAuthority(request.url ?? '')
  Object.assign(facts, destination)
  // On a listener of its own a client is known by it, and has to belong here as everywhere.
  const named = await authenticateClient(fields, client, access)
  facts.client ??= named

  // Ahead of the policy: inference.local is not a place on the network, and no rule may block it.
  if (sameAuthority(destination, INFERENCE_AUTHORITY)) {
    return { kind: 'intercept' }
  }
  if (destination.host === INFERENCE_AUTHORITY.host) {
    throw new ProxyError(
      'ERR_DESTINATION_DENIED',
      'inference.local is served on port 443 only: use https://inference.local/v1.',
    )
  }
  const programs = () => identify(client)
  const authorized = await authorizeEgress({ ...destination, via: 'tunnel' }, programs, egress)
  facts.policy = authorized.policy
  facts.addresses = authorized.addresses
  facts.isLearned = authorized.policy === undefined || undefined
  if (authorized.hasRules) {
    return { kind: 'inspect', destination }
  }
  const leave = tunnels.count.enter()
  try {
    return { kind: 'tunnel', tunnel: await openTunnel(authorized, programs, client, tunnels, leave) }
  } catch (error) {
    leave()
    throw error
  }
}
