import { type AddressInfo, createServer, Server as NetServer } from 'node:net'
import type { ClientAccess } from './access/authenticate-client.js'
import { identifyOffLoop } from './access/identify-off-loop.js'
import { LoopbackClients } from './access/loopback-clients.js'
import { TunnelBuffers } from './connect/tunnel-buffers.js'
import { isListener } from './is-listener.js'
import { OpenConnections } from './open-connections.js'
import type { EgressContext } from './policy/authorize-egress.js'
import { DENY_ALL } from './policy/compile-policy.js'
import { LiveEgress } from './policy/live-egress.js'
import { fixedPolicy, type PolicySource } from './policy/policy-source.js'
import { createResolver } from './policy/resolve-host.js'
import type { ProxyEventListener } from './proxy-event.js'
import { createProxyServer, type ProxyLimits } from './proxy-server.js'
import type { RouteSource } from './route/route-source.js'
import type { ServerCertificates } from './tls/server-certificates.js'
import { DestinationCount } from './upstream/destination-count.js'
import { createUpstreamPool } from './upstream/upstream-pool.js'
import type { UpstreamProxy } from './upstream/upstream-proxy.js'

/** An IP address and a port; 0 picks a free one. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
}

export interface ProxyOptions {
  readonly listen: ListenOptions
  /** Further listeners, each for one client that is known by it: for programs that send no `Proxy-Authorization`. */
  readonly clientListeners?: readonly (ListenOptions & { readonly client: string })[]
  /** What may be reached besides `inference.local`; nothing by default. */
  readonly policy?: PolicySource
  /** The operator's own proxy, through which everything outside is reached. */
  readonly upstreamProxy?: UpstreamProxy
  readonly certificates: ServerCertificates
  readonly routes: RouteSource
  readonly access: ClientAccess
  readonly onEvent: ProxyEventListener
  /** PEM certificates trusted for upstreams besides those that Node bundles. */
  readonly upstreamRoots?: readonly string[]
  /** Bytes of a request's content; 32 MiB by default. */
  readonly maxContentBytes?: number
  /** Origins of web pages that may call `inference.local`; none by default. */
  readonly allowedOrigins?: readonly string[]
  readonly limits?: Partial<ProxyLimits>
}

/** A running proxy. */
export interface RunningProxy extends AsyncDisposable {
  /** Where it listens, e.g. `http://127.0.0.1:41234`. */
  readonly url: string
  /** Of the further listeners, by client. */
  readonly clientUrls: ReadonlyMap<string, string>
  readonly exchangeCount: number
  readonly tunnelCount: number
  /**
   * Refuses what is new, lets what is under way finish, and ends. A second call with 0 cuts the rest at once.
   *
   * @param limitMs - Milliseconds for the exchanges under way.
   */
  close(limitMs: number): Promise<void>
}

const DEFAULT_LIMITS: ProxyLimits = {
  headTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  contentIdleTimeoutMs: 60_000,
  requestTimeoutMs: 600_000,
  keepAliveTimeoutMs: 75_000,
  dialTimeoutMs: 10_000,
  tunnelIdleTimeoutMs: 3_600_000,
  tunnelHalfClosedTimeoutMs: 60_000,
  forwardIdleTimeoutMs: 300_000,
  maxTunnels: 4_096,
}
/** How long whoever started us has to say so before we load more, in milliseconds. */
const WARM_AFTER_MS = 100
const DEFAULT_MAX_CONTENT_BYTES = 32 * 1024 * 1024

/**
 * Starts a proxy: CONNECT to `inference.local` intercepted, what the policy allows tunnelled and forwarded, everything
 * else refused with a reason.
 *
 * @throws The listener's own error, e.g. `EADDRINUSE`, `EACCES`.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { onEvent, upstreamProxy, policy = fixedPolicy(DENY_ALL) } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const pool = createUpstreamPool({ extraRoots: options.upstreamRoots ?? [], ...(upstreamProxy && { upstreamProxy }) })
  const open = new OpenConnections()
  const live = new LiveEgress(policy)
  const addresses: AddressInfo[] = []
  const egress: EgressContext = {
    policy,
    resolve: createResolver(),
    isSelf: (address, port) => addresses.some((listener) => isListener(listener, address, port)),
    leavesNamesToProxy: upstreamProxy !== undefined,
  }
  const count = new DestinationCount(limits.maxTunnels)
  const { dialTimeoutMs, tunnelIdleTimeoutMs, forwardIdleTimeoutMs } = limits
  const programs = identifyOffLoop()
  const clients = new LoopbackClients()
  const access = { ...options.access, clients }
  const { server, accept } = createProxyServer({
    access,
    identify: programs.identify,
    egress,
    tunnels: {
      count,
      buffers: new TunnelBuffers(),
      live,
      dialTimeoutMs,
      idleTimeoutMs: tunnelIdleTimeoutMs,
      halfClosedTimeoutMs: limits.tunnelHalfClosedTimeoutMs,
      clients,
      upstreamProxy,
    },
    forward: {
      access,
      identify: programs.identify,
      egress,
      live,
      count,
      upstreamProxy,
      dialTimeoutMs,
      idleTimeoutMs: forwardIdleTimeoutMs,
    },
    certificates: options.certificates,
    routes: options.routes,
    send: pool.send,
    open,
    onEvent,
    maxContentBytes: options.maxContentBytes ?? DEFAULT_MAX_CONTENT_BYTES,
    allowedOrigins: options.allowedOrigins ?? [],
    limits,
  })
  const further = (options.clientListeners ?? []).map(({ client, ...listen }) => ({
    client,
    listen,
    server: createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accept(socket, client)),
  }))
  const servers = [server, ...further.map((listener) => listener.server)]
  try {
    addresses.push(await startListening(server, options.listen, onEvent))
    for (const listener of further) {
      addresses.push(await startListening(listener.server, listener.listen, onEvent))
    }
  } catch (error) {
    for (const each of servers) each.close()
    live.close()
    throw error
  }
  // What the first exchange would wait for is loaded while nobody waits: 70 ms in which nothing else is done.
  const warming = setTimeout(() => pool.warm().catch(() => {}), WARM_AFTER_MS).unref()

  const close = async (limitMs: number) => {
    clearTimeout(warming)
    // Not http.Server's own close, which cuts idle connections: a request may be on its way on each of them.
    for (const each of servers) NetServer.prototype.close.call(each)
    await open.drain(limitMs)
    live.close()
    await programs.close()
    server.close() // Ends the timers of the connections.
    await pool.close()
  }
  return {
    url: listenerUrl(addresses[0]!),
    clientUrls: new Map(further.map(({ client }, index) => [client, listenerUrl(addresses[index + 1]!)])),
    get exchangeCount() {
      return open.exchangeCount
    },
    get tunnelCount() {
      return open.tunnelCount
    },
    close,
    [Symbol.asyncDispose]: () => close(0),
  }
}

async function startListening(
  server: NetServer,
  listen: ListenOptions,
  onEvent: ProxyEventListener,
): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ ...listen, backlog: 1024 }, resolve)
  })
  server.on('error', (error) => onEvent({ kind: 'fault', id: 'listener', error }))
  return server.address() as AddressInfo
}

function listenerUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
