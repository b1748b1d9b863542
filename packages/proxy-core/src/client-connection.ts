import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { watchPresence } from './access/client-presence.js'
import { refusalContent } from './connect/refusal-content.js'
import { watchRequestLine } from './connect/request-line.js'
import { type ConnectContext, type ConnectWay, serveConnect } from './connect/serve-connect.js'
import type { EgressFacts } from './egress-facts.js'
import { type ForwardContext, serveForward } from './forward/serve-forward.js'
import type { Authority } from './http/authority.js'
import type { ClientExchange } from './http/client-exchange.js'
import { parseFailure } from './http/parse-failure.js'
import { refuseRequest } from './http/refuse-request.js'
import { closeWithRefusal, writeRefusal } from './http/write-refusal.js'
import { dialectError } from './inference/dialect-error.js'
import { type ServeInferenceContext, serveInference } from './inference/serve-inference.js'
import type { OpenConnections } from './open-connections.js'
import { ProxyError } from './proxy-error.js'
import { egressEvent, failedAction, unreadableEvent } from './proxy-event.js'

export interface ClientConnectionContext extends ServeInferenceContext, ConnectContext {
  /** Of plain-HTTP requests. */
  readonly forward: ForwardContext
  readonly open: OpenConnections
  readonly nextId: () => string
  /** Speaks TLS on a connection from now on, and serves what comes decrypted as `inference.local`. */
  readonly intercept: (client: Socket, head: Buffer, name: string | undefined) => void
  /** Reads plain-HTTP requests to one destination from a connection from now on. */
  readonly inspect: (client: Socket, head: Buffer, destination: Authority, name: string | undefined) => void
  /** Parses the connection on: for a client that was asked for its token and may try again. */
  readonly parseOn: (client: Socket) => void
}

/** Wrong tokens on one connection before it is closed. */
const MAX_CHALLENGES = 4
/** Requests that wait on one connection while more are read from it. */
const MAX_WAITING = 32

/** What a connection leads to. */
export interface ConnectionRole {
  /** The proxy's own port, `inference.local` decrypted, or the destination of a tunnel whose requests are judged. */
  readonly serves: 'proxy' | 'inference' | Authority
  /** What events call the client, where its listener or an earlier request on the connection says so. */
  readonly client: string | undefined
}

/** One connection of a client, its own or the decrypted one inside: what Node's parser makes of it comes here. */
export class ClientConnection {
  readonly #socket: Socket
  readonly #serves: ConnectionRole['serves']
  readonly #client: string | undefined
  readonly #context: ClientConnectionContext
  /** Exchanges are served in order, so that while this one is under way nothing else may be written. */
  #newest: ClientExchange | undefined
  readonly #checkRequestLine: () => void
  /** A forwarded request ends its connection: what comes behind it is nobody's. */
  #mayForward = true
  /** Whether something came behind it, and was dropped. */
  #isOverrun = false
  #waiting = 0
  #isHeldBack = false
  #challenges = 0
  #isUnreadable = false

  constructor(socket: Socket, context: ClientConnectionContext, { serves, client }: ConnectionRole) {
    this.#socket = socket
    this.#serves = serves
    this.#client = client
    this.#context = context
    // For the time when no parser listens: behind CONNECT, and behind a request that could not be parsed.
    socket.on('error', () => socket.destroy())
    const { clients } = context.access
    socket.once('end', () => watchPresence(clients, socket, { isNeeded: () => this.#isAnswering(), unknownIs: 'gone' }))
    socket.on('resume', () => this.#holdBack())
    this.#checkRequestLine = serves === 'inference' ? () => {} : watchRequestLine(socket)
  }

  async connect(request: IncomingMessage, head: Buffer): Promise<void> {
    const { nextId, onEvent, open } = this.#context
    const id = nextId()
    const facts: EgressFacts = { client: this.#client }
    let way: ConnectWay
    try {
      if (this.#serves !== 'proxy') {
        throw new ProxyError('ERR_METHOD_NOT_ALLOWED', 'CONNECT is for the proxy port, not for inside a tunnel.')
      }
      if (this.#isAnswering()) {
        throw new ProxyError('ERR_REQUEST_MALFORMED', 'CONNECT may not be sent behind a request that is unanswered.')
      }
      if (open.isDraining) {
        throw shuttingDown()
      }
      this.#checkRequestLine()
      way = await serveConnect(request, this.#socket, this.#context, facts)
    } catch (error) {
      const failure = this.#toProxyError(error, id)
      onEvent(egressEvent(id, request, failedAction(failure), facts, failure))
      this.#refuseConnect(failure, head)
      return
    }
    onEvent(egressEvent(id, request, way.kind === 'intercept' ? 'intercept' : 'tunnel', facts))
    try {
      await this.#go(way, head, id, facts)
    } catch (error) {
      // The client has its 200: nothing more can be said to it.
      onEvent({ kind: 'fault', id, error: error as Error })
      this.#socket.destroy()
    }
  }

  /** @param expectsContinue - Whether the client waits for `100 Continue` before it sends content (RFC 9110 §10.1.1). */
  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { nextId, open } = this.#context
    if (this.#serves !== 'inference' && !this.#mayForward) {
      this.#isOverrun = true
      return
    }
    const exchange = { id: nextId(), request, response, expectsContinue, cut: new AbortController() }
    this.#newest = exchange
    this.#waiting++
    this.#holdBack()
    response.once('close', () => this.#goOn())
    if (this.#serves === 'inference') {
      open.addExchange(exchange, serveInference(exchange, this.#client, this.#context))
    } else {
      open.addExchange(exchange, this.#forward(exchange, this.#serves === 'proxy' ? undefined : this.#serves))
    }
  }

  async #go(way: ConnectWay, head: Buffer, id: string, facts: EgressFacts): Promise<void> {
    const { intercept, inspect, open, onEvent } = this.#context
    this.#socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (way.kind === 'intercept') {
      intercept(this.#socket, head, facts.client)
    } else if (way.kind === 'inspect') {
      inspect(this.#socket, head, way.destination, facts.client)
    } else {
      const ended = way.tunnel.run(head)
      open.addTunnel(way.tunnel, ended)
      const { client, host = '', port = 0, policy } = facts
      onEvent({ kind: 'tunnel', id, client, host, port, policy, ...(await ended) })
    }
  }

  async #forward(exchange: ClientExchange, within: Authority | undefined): Promise<void> {
    const { open, onEvent, forward } = this.#context
    this.#mayForward = false
    const { id, request, response, cut } = exchange
    const facts: EgressFacts = { client: this.#client }
    const startedAt = performance.now()
    response.on('error', () => {})
    response.once('close', () => response.writableFinished || cut.abort())
    try {
      if (open.isDraining) {
        throw shuttingDown()
      }
      await serveForward(exchange, within, forward, facts)
      facts.totalMs = Math.round(performance.now() - startedAt)
      onEvent(egressEvent(id, request, 'forward', facts))
    } catch (error) {
      const reason: unknown = cut.signal.aborted ? cut.signal.reason : error
      if (cut.signal.aborted && !(reason instanceof ProxyError)) {
        onEvent({
          ...egressEvent(id, request, 'forward', facts),
          reason: 'The client left before the answer was complete.',
        })
        return
      }
      const failure = this.#toProxyError(reason, id)
      onEvent(egressEvent(id, request, failedAction(failure), facts, failure))
      const keepAlive = within === undefined && !this.#isOverrun && this.#mayTryAgain(failure)
      this.#mayForward = keepAlive
      await refuseRequest(request, response, failure, { content: refusalContent(failure), keepAlive })
    }
  }

  /** Hears what Node's parser or its timers could not take. */
  unreadable(error: Error): void {
    if (this.#isUnreadable) {
      return // Every further packet is an error again.
    }
    this.#isUnreadable = true
    const failure = parseFailure(error, typeof this.#serves === 'object' ? 'read_tunnel' : 'connection')
    if (!failure || !this.#socket.writable || this.#socket.bytesRead === 0) {
      this.#socket.destroy()
      return
    }
    const newest = this.#newest
    if (newest && !newest.request.complete) {
      newest.cut.abort(failure)
      return
    }
    const { nextId, onEvent } = this.#context
    onEvent(unreadableEvent(nextId(), failure, this.#serves === 'inference'))
    this.#behindAnswers(() => closeWithRefusal(this.#socket, failure, this.#refusalContent(failure)))
  }

  #refuseConnect(failure: ProxyError, head: Buffer): void {
    const content = this.#refusalContent(failure)
    if (this.#isAnswering() || !this.#mayTryAgain(failure)) {
      this.#behindAnswers(() => closeWithRefusal(this.#socket, failure, content))
      return
    }
    writeRefusal(this.#socket, failure, content, false)
    this.#socket.unshift(head)
    this.#context.parseOn(this.#socket)
  }

  /** A client that was asked for its token tries again on the same connection; one that guesses does not for long. */
  #mayTryAgain({ code }: ProxyError): boolean {
    return code === 'ERR_PROXY_AUTHENTICATION_REQUIRED' && ++this.#challenges < MAX_CHALLENGES && this.#socket.writable
  }

  #isAnswering(): boolean {
    return this.#newest !== undefined && !this.#newest.response.writableFinished
  }

  /** Node announces all pipelined requests at once, and would go on until the memory is full of them. */
  #holdBack(): void {
    if (this.#waiting <= MAX_WAITING) {
      return
    }
    this.#socket.pause()
    if (!this.#isHeldBack) {
      this.#isHeldBack = true
      const { clients } = this.#context.access
      watchPresence(clients, this.#socket, { isNeeded: () => this.#isHeldBack, unknownIs: 'present' })
    }
  }

  #goOn(): void {
    this.#waiting--
    if (this.#isHeldBack && this.#waiting <= MAX_WAITING) {
      this.#isHeldBack = false
      this.#socket.resume()
    }
  }

  /** Calls back when nothing is being written; never where the connection ends before. */
  #behindAnswers(proceed: () => void): void {
    if (!this.#newest || !this.#isAnswering()) {
      proceed()
      return
    }
    this.#newest.response.once('finish', () => setImmediate(() => this.#socket.writable && proceed()))
  }

  #refusalContent(failure: ProxyError): string {
    return this.#serves === 'inference' ? dialectError('openai', failure) : refusalContent(failure)
  }

  #toProxyError(error: unknown, id: string): ProxyError {
    if (error instanceof ProxyError) {
      return error
    }
    this.#context.onEvent({ kind: 'fault', id, error: error as Error })
    return new ProxyError('ERR_INTERNAL', 'The proxy failed on this request; its log says where.', { cause: error })
  }
}

function shuttingDown(): ProxyError {
  return new ProxyError('ERR_SHUTTING_DOWN', 'The proxy is shutting down; try again in a moment.')
}
