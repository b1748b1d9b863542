import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { ReceivedRequest } from './record/received-request.js'
import { RequestLog } from './record/request-log.js'
import { serveRequest } from './serve-request.js'

export interface MockProviderOptions {
  /** TCP port; 0, the default, picks a free one. */
  readonly port?: number
  /** Loopback address to listen on, `127.0.0.1` by default. */
  readonly host?: '127.0.0.1' | '::1'
  /** Serves https with this key and certificate, PEM. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer }
  /** The credential, or those, that are accepted; any, and none, where absent. */
  readonly apiKey?: string | readonly string[]
  /** Milliseconds between two pieces of a stream, 2 by default. */
  readonly pieceDelayMs?: number
  /** Requests kept in `received`, 1,000 by default. */
  readonly maxReceived?: number
  /** Bytes of content kept in `received`, 256 MiB by default; the oldest requests are forgotten first. */
  readonly maxReceivedBytes?: number
  /** Called when a request has been answered or given up. */
  readonly onServed?: (received: ReceivedRequest) => void
}

/** A running mock provider. */
export interface MockProvider extends AsyncDisposable {
  /** Base URL, with `/v1`, e.g. `http://127.0.0.1:4141/v1`. */
  readonly url: string
  readonly port: number
  /** Requests in the order of their heads; the oldest are forgotten (see `maxReceived`). Live: it grows. */
  readonly received: readonly ReceivedRequest[]
  /** TCP connections open now. */
  readonly openConnections: number
  /**
   * Resolves with the first request that `matches`, now or later.
   *
   * @throws when none does within `timeoutMs`, 5,000 by default.
   */
  waitFor(matches: (received: ReceivedRequest) => boolean, timeoutMs?: number): Promise<ReceivedRequest>
  /** The next `times` requests are served as if they had asked for this model, e.g. `mock/503`. */
  failNext(fault: string, times?: number): void
  /** From now on accepts these credentials only; none given: any. */
  acceptKeys(...apiKeys: readonly string[]): void
}

/**
 * Starts a provider on the loopback interface that speaks every served dialect and misbehaves on request.
 *
 * @returns The running provider; dispose of it (`await using`) to close every connection and the port.
 * @throws the listener's error, e.g. `EADDRINUSE`.
 */
export async function startMockProvider(options: MockProviderOptions = {}): Promise<MockProvider> {
  const {
    port = 0,
    host = '127.0.0.1',
    tls,
    pieceDelayMs = 2,
    maxReceived = 1_000,
    maxReceivedBytes = 2 ** 28,
  } = options
  const log = new RequestLog({ maxRequests: maxReceived, maxContentBytes: maxReceivedBytes })
  const faults: string[] = []
  const sockets = new Map<string, Socket>()
  let apiKeys: readonly string[] | undefined = options.apiKey === undefined ? undefined : [options.apiKey].flat()

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const entry = log.open(request)
    serveRequest(entry, request, response, {
      log,
      apiKeys: () => apiKeys,
      takeFault: () => faults.shift(),
      pieceDelayMs,
      // Under TLS only the TCP socket below can be reset.
      reset: ({ socket }) => sockets.get(socketKey(socket))?.resetAndDestroy(),
    })
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
      .finally(() => options.onServed?.(entry))
  }
  const server = tls ? createHttpsServer(tls, serve) : createHttpServer(serve)
  // A test may well upload for minutes or keep a connection for later.
  server.requestTimeout = 0
  server.on('connection', (socket: Socket) => {
    const key = socketKey(socket)
    sockets.set(key, socket)
    socket.once('close', () => sockets.delete(key))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })

  const bound = (server.address() as AddressInfo).port
  return {
    url: `${tls ? 'https' : 'http'}://${host === '::1' ? '[::1]' : host}:${bound}/v1`,
    port: bound,
    received: log.entries,
    get openConnections() {
      return sockets.size
    },
    waitFor: (matches, timeoutMs = 5_000) => log.waitFor(matches, timeoutMs),
    failNext: (fault, times = 1) => {
      faults.push(...Array.from({ length: times }, () => fault))
    },
    acceptKeys: (...keys) => {
      apiKeys = keys.length === 0 ? undefined : keys
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets.values()) {
        socket.destroy()
      }
      await closed
    },
  }
}

function socketKey({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`
}
