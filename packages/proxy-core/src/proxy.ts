import { type AddressInfo, Server as NetServer } from 'node:net'
import type { ClientAccess } from './access/authenticate-client.js'
import { OpenConnections } from './open-connections.js'
import type { ProxyEventListener } from './proxy-event.js'
import { createProxyServer, type ProxyLimits } from './proxy-server.js'
import type { RouteSource } from './route/route-source.js'
import type { ServerCertificates } from './tls/server-certificates.js'
import { createUpstreamPool } from './upstream/upstream-pool.js'

export interface ProxyOptions {
  /** Where to listen. Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
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
  readonly exchangeCount: number
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
}
/** How long whoever started us has to say so before we load more, in milliseconds. */
const WARM_AFTER_MS = 100
const DEFAULT_MAX_CONTENT_BYTES = 32 * 1024 * 1024

/**
 * Starts a proxy: one listener, CONNECT to `inference.local` intercepted, everything else refused with a reason.
 *
 * @throws The listener's own error, e.g. `EADDRINUSE`, `EACCES`.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { listen, certificates, routes, access, onEvent } = options
  const pool = createUpstreamPool({ extraRoots: options.upstreamRoots ?? [] })
  const open = new OpenConnections()
  const server = createProxyServer({
    access,
    certificates,
    routes,
    send: pool.send,
    open,
    onEvent,
    maxContentBytes: options.maxContentBytes ?? DEFAULT_MAX_CONTENT_BYTES,
    allowedOrigins: options.allowedOrigins ?? [],
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ ...listen, backlog: 1024 }, resolve)
  })
  server.on('error', (error) => onEvent({ kind: 'fault', id: 'listener', error }))
  // What the first exchange would wait for is loaded while nobody waits: 70 ms in which nothing else is done.
  const warming = setTimeout(() => void pool.warm(), WARM_AFTER_MS).unref()

  const close = async (limitMs: number) => {
    clearTimeout(warming)
    // Not http.Server's own close, which cuts idle connections: a request may be on its way on each of them.
    NetServer.prototype.close.call(server)
    await open.drain(limitMs)
    server.close() // Ends the timers of the connections.
    await pool.close()
  }
  return {
    url: listenerUrl(server.address() as AddressInfo),
    get exchangeCount() {
      return open.exchangeCount
    },
    close,
    [Symbol.asyncDispose]: () => close(0),
  }
}

function listenerUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
