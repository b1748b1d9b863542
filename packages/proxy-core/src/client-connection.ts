import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientAccess } from './access/authenticate-client.js'
import { watchPresence } from './access/client-presence.js'
import { refusalContent } from './connect/refusal-content.js'
import { watchRequestLine } from './connect/request-line.js'
import { serveConnect } from './connect/serve-connect.js'
import { serveForward } from './forward/serve-forward.js'
import type { ClientExchange } from './http/client-exchange.js'
import { parseFailure } from './http/parse-failure.js'
import { refuseRequest } from './http/refuse-request.js'
import { closeWithRefusal, writeRefusal } from './http/write-refusal.js'
import { dialectError } from './inference/dialect-error.js'
import { type ServeInferenceContext, serveInference } from './inference/serve-inference.js'
import type { OpenConnections } from './open-connections.js'
import { ProxyError } from './proxy-error.js'
import { egressEvent, unreadableEvent } from './proxy-event.js'

export interface ClientConnectionContext extends ServeInferenceContext {
  readonly access: ClientAccess
  readonly open: OpenConnections
  readonly nextId: () => string
  /** Speaks TLS on a connection from now on, and serves what comes decrypted as `inference.local`. */
  readonly intercept: (client: Socket, head: Buffer) => void
  /** Parses the connection on: for a client that was asked for its token and may try again. */
  readonly parseOn: (client: Socket) => void
}

/** Wrong tokens on one connection before it is closed. */
const MAX_CHALLENGES = 4
/** Requests that wait on one connection while more are read from it. */
const MAX_WAITING = 32

/** One connection of a client, its own or the decrypted one inside: what Node's parser makes of it comes here. */
export class ClientConnection {
  readonly #socket: Socket
  readonly #isIntercepted: boolean
  readonly #context: ClientConnectionContext
  /** Exchanges are served in order, so that while this one is under way nothing else may be written. */
  #newest: ClientExchange | undefined
  readonly #checkRequestLine: () => void
  #waiting = 0
  #isHeldBack = false
  #challenges = 0
  #isUnreadable = false

  /** @param isIntercepted - Whether it is a decrypted connection to `inference.local`. */
  constructor(socket: Socket, context: ClientConnectionContext, isIntercepted: boolean) {
    this.#socket = socket
    this.#isIntercepted = isIntercepted
    this.#context = context
    // For the time when no parser listens: behind CONNECT, and behind a request that could not be parsed.
    socket.on('error', () => socket.destroy())
    socket.once('end', () => watchPresence(socket, { isNeeded: () => this.#isAnswering(), unknownIs: 'gone' }))
    socket.on('resume', () => this.#holdBack())
    this.#checkRequestLine = isIntercepted ? () => {} : watchRequestLine(socket)
  }

  connect(request: IncomingMessage, head: Buffer): void {
    const { nextId, onEvent, open, access, intercept } = this.#context
    const id = nextId()
    try {
      if (this.#isIntercepted) {
        throw new ProxyError('ERR_METHOD_NOT_ALLOWED', 'CONNECT is for the proxy port, not for inference.local.')
      }
      if (this.#isAnswering()) {
        throw new ProxyError('ERR_REQUEST_MALFORMED', 'CONNECT may not be sent behind a request that is unanswered.')
      }
      if (open.isDraining) {
        throw shuttingDown()
      }
      this.#checkRequestLine()
      serveConnect(request, this.#socket, head, { access, intercept })
      onEvent(egressEvent(id, request, 'intercept'))
    } catch (error) {
      const failure = this.#toProxyError(error, id)
      onEvent(egressEvent(id, request, 'deny', failure))
      this.#refuseConnect(failure, head)
    }
  }

  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { nextId, onEvent, open, access } = this.#context
    const exchange = { id: nextId(), request, response, expectsContinue, cut: new AbortController() }
    this.#newest = exchange
    this.#waiting++
    this.#holdBack()
    response.once('close', () => this.#goOn())
    if (this.#isIntercepted) {
      open.addExchange(exchange, serveInference(exchange, this.#context))
      return
    }
    try {
      if (open.isDraining) {
        throw shuttingDown()
      }
      serveForward(request, access)
    } catch (error) {
      const failure = this.#toProxyError(error, exchange.id)
      onEvent(egressEvent(exchange.id, request, 'deny', failure))
      const keepAlive = this.#mayTryAgain(failure)
      open.addExchange(
        exchange,
        refuseRequest(request, response, failure, { content: refusalContent(failure), keepAlive }),
      )
    }
  }

  /** Hears what Node's parser or its timers could not take. */
  unreadable(error: Error): void {
    if (this.#isUnreadable) {
      return // Every further packet is an error again.
    }
    this.#isUnreadable = true
    const failure = parseFailure(error)
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
    onEvent(unreadableEvent(nextId(), failure, this.#isIntercepted))
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
      watchPresence(this.#socket, { isNeeded: () => this.#isHeldBack, unknownIs: 'present' })
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
    return this.#isIntercepted ? dialectError('openai', failure) : refusalContent(failure)
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
