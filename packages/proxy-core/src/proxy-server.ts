import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientAccess } from './connect/authenticate-client.js'
import { refusalContent, refuseClient } from './connect/refuse-client.js'
import { serveConnect } from './connect/serve-connect.js'
import { serveForward } from './forward/serve-forward.js'
import { parseFailure } from './http/parse-failure.js'
import { writeRefusal } from './http/write-refusal.js'
import { dialectError } from './inference/dialect-error.js'
import type { ExchangeContext } from './inference/exchange.js'
import { refuseExchange, serveInference } from './inference/serve-inference.js'
import type { OpenConnections } from './open-connections.js'
import { ProxyError } from './proxy-error.js'
import { egressEvent, type ProxyEventListener } from './proxy-event.js'
import type { ServerCertificates } from './tls/server-certificates.js'
import { terminateTls } from './tls/terminate-tls.js'

/** How long a client may take, in milliseconds. */
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
}

export interface ProxyServerContext extends Omit<ExchangeContext, 'contentIdleTimeoutMs'> {
  readonly access: ClientAccess
  readonly certificates: ServerCertificates
  readonly open: OpenConnections
  readonly onEvent: ProxyEventListener
  readonly limits: ProxyLimits
}

const MAX_HEAD_BYTES = 32 * 1024
const TIMEOUT_CHECK_MS = 500

/**
 * The ways in: what Node's parser makes of a connection goes to `serveConnect`, `serveInference` or `serveForward`,
 * and what they refuse becomes a response. Does not listen yet.
 */
export function createProxyServer(context: ProxyServerContext): Server {
  const { limits } = context
  // One server parses both sides of the interception, so that its timers and limits watch both: Node arms them only
  // for a server that listens.
  const server = createServer({
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    requireHostHeader: false, // `checkHost` says what is missing.
  })
  server.maxHeadersCount = 0 // Node drops what is beyond its limit without a word; `checkRequestHead` refuses it.
  const waysIn = new WaysIn(server, context)
  server.on('connection', (socket: Socket) => context.open.addSocket(socket))
  server.on('connect', (request, client, head) => waysIn.connect(request, client as Socket, head))
  server.on('request', (request, response) => waysIn.request(request, response, false))
  server.on('checkContinue', (request, response) => waysIn.request(request, response, true))
  server.on('checkExpectation', (request, response) => waysIn.unknownExpectation(request, response))
  server.on('clientError', (error, client) => waysIn.unparsable(error, client as Socket))
  return server
}

class WaysIn {
  readonly #server: Server
  readonly #context: ProxyServerContext
  readonly #intercepted = new WeakSet<Socket>()
  /** The newest response of a connection: nothing else may be written while it is under way. */
  readonly #responses = new WeakMap<Socket, ServerResponse>()
  #requests = 0

  constructor(server: Server, context: ProxyServerContext) {
    this.#server = server
    this.#context = context
  }

  connect(request: IncomingMessage, client: Socket, head: Buffer): void {
    const id = this.#nextId()
    const { access, certificates, limits, onEvent } = this.#context
    client.on('error', () => client.destroy())
    try {
      if (this.#intercepted.has(client)) {
        throw new ProxyError('ERR_METHOD_NOT_ALLOWED', 'CONNECT is for the proxy port, not for inference.local.')
      }
      serveConnect(request, client, head, {
        access,
        terminate: (socket, first) =>
          terminateTls(socket, first, certificates, { handshakeTimeoutMs: limits.handshakeTimeoutMs }),
        accept: (connection) => {
          this.#intercepted.add(connection)
          this.#server.emit('connection', connection)
        },
      })
      onEvent(egressEvent(id, request, 'intercept'))
    } catch (error) {
      const failure = this.#asProxyError(error, id)
      onEvent(egressEvent(id, request, 'deny', failure))
      refuseClient(client, failure, () => {
        client.unshift(head)
        this.#server.emit('connection', client)
      })
    }
  }

  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const id = this.#nextId()
    const { access, open, limits, onEvent } = this.#context
    this.#responses.set(request.socket, response)
    if (this.#intercepted.has(request.socket)) {
      const context = {
        ...this.#context,
        contentIdleTimeoutMs: limits.contentIdleTimeoutMs,
        isDraining: () => open.isDraining,
      }
      open.addExchange(response, serveInference(request, response, context, { id, expectsContinue }))
      return
    }
    try {
      serveForward(request, access)
    } catch (error) {
      const failure = this.#asProxyError(error, id)
      onEvent(egressEvent(id, request, 'deny', failure))
      void refuseExchange(request, response, failure, refusalContent(failure))
    }
  }

  unknownExpectation(request: IncomingMessage, response: ServerResponse): void {
    this.#responses.set(request.socket, response)
    const failure = new ProxyError('ERR_EXPECTATION_FAILED', 'The only expectation met here is 100-continue.')
    void refuseExchange(request, response, failure, this.#content(request.socket, failure))
  }

  unparsable(error: Error, client: Socket): void {
    const failure = parseFailure(error)
    const response = this.#responses.get(client)
    const isAnswering = response !== undefined && !response.writableFinished
    if (!failure || isAnswering || !client.writable || client.bytesRead === 0) {
      client.destroy()
      return
    }
    writeRefusal(client, { error: failure, content: this.#content(client, failure) })
    client.destroySoon()
  }

  #content(client: Socket, failure: ProxyError): string {
    return this.#intercepted.has(client) ? dialectError('openai', failure) : refusalContent(failure)
  }

  #asProxyError(error: unknown, id: string): ProxyError {
    if (error instanceof ProxyError) {
      return error
    }
    this.#context.onEvent({ kind: 'fault', id, error: error as Error })
    return new ProxyError('ERR_INTERNAL', 'The proxy failed on this request; its log says where.', { cause: error })
  }

  #nextId(): string {
    return (++this.#requests).toString(36).padStart(4, '0')
  }
}
