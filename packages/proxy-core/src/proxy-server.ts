import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { ClientConnection, type ClientConnectionContext, type ConnectionRole } from './client-connection.js'
import type { ConnectContext } from './connect/serve-connect.js'
import type { ForwardContext } from './forward/serve-forward.js'
import type { ExchangeContext } from './inference/exchange.js'
import type { OpenConnections } from './open-connections.js'
import { handshakeFailedEvent, type ProxyEventListener } from './proxy-event.js'
import type { ServerCertificates } from './tls/server-certificates.js'
import { terminateTls } from './tls/terminate-tls.js'

/** How long things may take, in milliseconds, and how many there may be. */
export interface ProxyLimits {
  /** For a request's head, from its first byte; for the first request, from the connection. */
  readonly headTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** Between two pieces of a request's content. */
  readonly contentIdleTimeoutMs: number
  /** For a whole request. */
  readonly requestTimeoutMs: number
  /** For the next request on a connection. */
  readonly keepAliveTimeoutMs: number
  /** For the TCP handshake with a destination. */
  readonly dialTimeoutMs: number
  /** For a tunnel through which nothing passes, either way. */
  readonly tunnelIdleTimeoutMs: number
  /** The same where a client of another machine has ended its side. */
  readonly tunnelHalfClosedTimeoutMs: number
  /** For a destination of a forwarded request that sends nothing. */
  readonly forwardIdleTimeoutMs: number
  /** Tunnels at once, those that are being opened too. */
  readonly maxTunnels: number
}

export interface ProxyServerContext extends Omit<ExchangeContext, 'contentIdleTimeoutMs'>, ConnectContext {
  readonly forward: ForwardContext
  readonly certificates: ServerCertificates
  readonly open: OpenConnections
  readonly onEvent: ProxyEventListener
  readonly limits: ProxyLimits
}

const MAX_HEAD_BYTES = 32 * 1024
const TIMEOUT_CHECK_MS = 500

/** The parser of all connections, and the way in for those of a further listener. */
export interface ProxyServer {
  readonly server: Server
  /** @param client - What events call whoever connects there. */
  accept(socket: Socket, client: string): void
}

/**
 * Node's parser, set to its strictest, for the proxy's own port and for the connections decrypted behind it: what it
 * makes of a connection goes to the `ClientConnection`. Does not listen yet.
 */
export function createProxyServer(context: ProxyServerContext): ProxyServer {
  const { open, limits, certificates, onEvent } = context
  const server = createServer({
    insecureHTTPParser: false, // Whatever NODE_OPTIONS says.
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    requireHostHeader: false, // `checkHost` says what is missing.
  })
  server.maxHeadersCount = 0 // Node drops what is beyond its limit without a word; `checkRequestHead` refuses it.
  // A client that has closed its side for writing is still answered; `ClientConnection` watches whether it is there.
  Object.assign(server, { httpAllowHalfOpen: true })

  const connections = new WeakMap<Socket, ClientConnection>()
  let requests = 0
  const roles = new WeakMap<Socket, ConnectionRole>()
  const parse = (socket: Socket, role: ConnectionRole) => {
    roles.set(socket, role)
    connections.delete(socket)
    // One server parses all of them, so that its timers and limits watch all: Node arms them only for a server that
    // listens.
    server.emit('connection', socket)
  }
  const connectionContext: ClientConnectionContext = {
    ...context,
    contentIdleTimeoutMs: limits.contentIdleTimeoutMs,
    isDraining: () => open.isDraining,
    nextId: () => (++requests).toString(36).padStart(4, '0'),
    intercept: (client, head, name) => {
      const connection = terminateTls(client, head, certificates, {
        handshakeTimeoutMs: limits.handshakeTimeoutMs,
        onHandshake: (outcome) => {
          if (outcome.kind === 'failed') {
            onEvent(handshakeFailedEvent(connectionContext.nextId(), outcome))
          }
        },
      })
      open.replaceSocket(client, connection)
      parse(connection, { serves: 'inference', client: name })
    },
    inspect: (client, head, destination, name) => {
      client.unshift(head)
      parse(client, { serves: destination, client: name })
    },
    parseOn: (client: Socket) => void server.emit('connection', client),
  }

  server.on('connection', (socket: Socket) => {
    // Behind Node's own listener, so that ours hear of everything after the parser has.
    if (!connections.has(socket)) {
      const role = roles.get(socket) ?? { serves: 'proxy', client: undefined }
      connections.set(socket, new ClientConnection(socket, connectionContext, role))
      if (!roles.has(socket)) open.addSocket(socket)
    }
  })
  const connectionOf = (socket: unknown) => connections.get(socket as Socket)!
  server.on('connect', (request, client, head) => void connectionOf(client).connect(request, head))
  server.on('request', (request, response) => connectionOf(request.socket).request(request, response, false))
  server.on('checkContinue', (request, response) => connectionOf(request.socket).request(request, response, true))
  // `checkRequestHead` refuses it.
  server.on('checkExpectation', (request, response) => connectionOf(request.socket).request(request, response, false))
  server.on('clientError', (error, client) => connectionOf(client).unreadable(error))
  return {
    server,
    accept: (socket, client) => {
      open.addSocket(socket)
      parse(socket, { serves: 'proxy', client })
    },
  }
}
