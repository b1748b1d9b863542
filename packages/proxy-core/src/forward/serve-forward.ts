import { type AccessContext, authenticateClient } from '../access/authenticate-client.js'
import type { IdentifyPrograms } from '../access/calling-program.js'
import type { EgressFacts } from '../egress-facts.js'
import type { Authority } from '../http/authority.js'
import type { ClientExchange } from '../http/client-exchange.js'
import { checkRequestHead } from '../http/request-head.js'
import { authorizeEgress, type EgressContext } from '../policy/authorize-egress.js'
import type { LiveEgress } from '../policy/live-egress.js'
import { ProxyError } from '../proxy-error.js'
import type { DestinationCount } from '../upstream/destination-count.js'
import { dialDestination } from '../upstream/dial-destination.js'
import type { UpstreamProxy } from '../upstream/upstream-proxy.js'
import { refuseLoop } from './forward-fields.js'
import { absoluteFormTarget, originFormTarget, requireSameHost } from './forward-target.js'
import { relayForward } from './relay-forward.js'

const FORWARDABLE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])

export interface ForwardContext {
  readonly access: AccessContext
  readonly identify: IdentifyPrograms
  readonly egress: EgressContext
  readonly live: LiveEgress
  readonly count: DestinationCount
  /** Where destinations are reached through another proxy. */
  readonly upstreamProxy: UpstreamProxy | undefined
  /** Milliseconds for the TCP handshake with the destination. */
  readonly dialTimeoutMs: number
  /** Milliseconds without a byte either way. */
  readonly idleTimeoutMs: number
}

/**
 * Serves a plain-HTTP request that is no CONNECT: on the proxy's own port in absolute-form, inside a tunnel whose
 * destination has rules in origin-form. The order of the checks is part of the contract: parse, scheme, policy,
 * addresses, connect.
 *
 * @param within - The tunnel's destination.
 * @param facts - Gathers what becomes known, also of a request that is refused in the end.
 * @throws {ProxyError} 400, 403, 405, 407, 414, 421, 431, 502, 504, 505 or 508.
 */
export async function serveForward(
  exchange: ClientExchange,
  within: Authority | undefined,
  { access, identify, egress, live, count, upstreamProxy, dialTimeoutMs, idleTimeoutMs }: ForwardContext,
  facts: EgressFacts,
): Promise<void> {
  const { request, cut } = exchange
  const { method = '', url = '', socket: client } = request
  const fields = checkRequestHead(request)
  if (!FORWARDABLE_METHODS.has(method)) {
    throw new ProxyError('ERR_METHOD_NOT_ALLOWED', `${method} is not served here.`)
  }
  const target = within ? originFormTarget(url, within) : absoluteFormTarget(url)
  const { scheme, host, port, originForm } = target
  Object.assign(facts, { host, port })
  if (!within) {
    const named = await authenticateClient(fields, client, access)
    facts.client ??= named
  }
  if (scheme === 'https') {
    throw new ProxyError(
      'ERR_SCHEME_IS_HTTPS',
      'An https URL cannot be forwarded in clear text: the client must open a tunnel with CONNECT.',
    )
  }
  if (host === 'inference.local') {
    throw new ProxyError(
      'ERR_DESTINATION_DENIED',
      'inference.local is served over TLS only: use https://inference.local/v1.',
    )
  }
  requireSameHost(fields, target)
  refuseLoop(fields)
  const question = {
    host,
    port,
    via: within ? ('tunnel' as const) : ('forward' as const),
    http: { method, path: originForm.split('?', 1)[0]! },
  }
  const programs = () => identify(client)
  const authorized = await authorizeEgress(question, programs, egress)
  const { policy, addresses } = authorized
  Object.assign(facts, { policy, addresses })
  const leave = count.enter()
  const forget = live.add(authorized, programs, (denied) => cut.abort(denied))
  try {
    const socket = await dialDestination(authorized, { upstreamProxy, timeoutMs: dialTimeoutMs, signal: cut.signal })
    await relayForward(exchange, socket, target, idleTimeoutMs, facts)
  } finally {
    forget()
    leave()
  }
}
