import type { Agent, Dispatcher } from 'undici'
import { type FieldList, fieldListFromRawHeaders } from '../http/field-list.js'
import { ProxyError, type ProxyErrorCode } from '../proxy-error.js'
import type { RouteTimeouts } from '../route/resolved-route.js'
import type { UpstreamReader, UpstreamRequest, UpstreamResponse } from './send-upstream.js'

const JOIN_BELOW_BYTES = 256 * 1024
const PIECE_BYTES = 1024 * 1024

/** One try to send one request: its phases, each under its own limit, and what came of it. */
export class UpstreamAttempt {
  /** Whether a byte may have been written. */
  started = false
  readonly response: Promise<UpstreamResponse>

  readonly #origin: string
  readonly #timeouts: RouteTimeouts
  readonly #signal: AbortSignal
  /** Let go of as soon as it is sent, or not needed any more: a stream may outlast it by far. */
  #content: readonly Buffer[]
  readonly #resolve: (response: UpstreamResponse) => void
  readonly #reject: (error: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #reader: UpstreamReader | undefined
  #timer: NodeJS.Timeout
  #failure: Error | undefined
  #isPaused = false
  #ended = false

  /** @param through - By what way the provider is reached, for the message of a limit, e.g. ` (through ...)`. */
  constructor(dispatcher: Agent, request: UpstreamRequest, through = '') {
    const { url, timeouts, signal, content } = request
    this.#origin = `${url.origin}${through}`
    this.#timeouts = timeouts
    this.#signal = signal
    this.#content = content
    let resolve!: (response: UpstreamResponse) => void
    let reject!: (error: unknown) => void
    this.response = new Promise((...settle) => {
      ;[resolve, reject] = settle
    })
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = this.#limit('ERR_UPSTREAM_CONNECT_TIMEOUT', 'connect', timeouts.connectTimeoutMs)
    signal.addEventListener('abort', this.#onAbort, { once: true })
    dispatcher.dispatch(this.#dispatchOptions(request), {
      onRequestStart: (controller) => this.#onRequestStart(controller),
      onResponseStart: (controller, status) => this.#onResponseStart(controller, status),
      onResponseData: (_, chunk) => this.#onData(chunk),
      onResponseEnd: () => this.#onEnd(),
      onResponseError: (_, error) => this.#fail(error),
    })
  }

  readonly #onAbort = () => {
    this.#abort(this.#signal.reason as Error)
  }

  #onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure) {
      controller.abort(this.#failure)
      return
    }
    this.started = true
    this.#setLimit('ERR_UPSTREAM_FIRST_BYTE_TIMEOUT', 'first-byte', this.#timeouts.firstByteTimeoutMs)
  }

  #onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status >= 100 && status < 200) {
      return // Interim responses (RFC 9110 §15.2) say nothing that our client waits for.
    }
    controller.pause()
    clearTimeout(this.#timer)
    this.#resolve({
      status,
      fields: fieldsOf(controller),
      pause: () => {
        this.#isPaused = true
        controller.pause()
      },
      resume: () => {
        if (!this.#ended) {
          this.#isPaused = false
          this.#timer.refresh()
          controller.resume()
        }
      },
      read: (reader) => {
        this.#reader = reader
        if (this.#failure) {
          reader.onFailure(this.#failure)
        } else {
          this.#setLimit('ERR_UPSTREAM_IDLE_TIMEOUT', 'idle', this.#timeouts.idleTimeoutMs)
          controller.resume()
        }
      },
    })
  }

  #onData(chunk: Buffer): void {
    this.#timer.refresh()
    this.#reader?.onData(chunk)
  }

  #onEnd(): void {
    this.#settle()
    this.#reader?.onEnd()
  }

  #limit(code: ProxyErrorCode, phase: string, limitMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#abort(
        this.#isPaused
          ? new ProxyError('ERR_REQUEST_TIMEOUT', `The client took nothing of the answer for ${limitMs} ms.`)
          : new ProxyError(code, `The provider at ${this.#origin} exceeded the ${phase} limit of ${limitMs} ms.`),
      )
    }, limitMs)
  }

  #setLimit(code: ProxyErrorCode, phase: string, limitMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = this.#limit(code, phase, limitMs)
  }

  #abort(reason: Error): void {
    this.#fail(reason)
    this.#controller?.abort(reason)
  }

  #fail(error: Error): void {
    if (this.#ended) {
      return
    }
    this.#settle()
    this.#failure = error
    this.#reject(error)
    this.#reader?.onFailure(error)
  }

  #settle(): void {
    this.#ended = true
    this.#content = []
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  #dispatchOptions({ method, url, query, fields, content }: UpstreamRequest): Dispatcher.DispatchOptions {
    const length = content.reduce((sum, chunk) => sum + chunk.length, 0)
    // Joined, head and content leave in one write; of a large content no second copy is made.
    const body = length < JOIN_BELOW_BYTES ? Buffer.concat(content) : (this.#pieces() as Iterable<Buffer>)
    return {
      origin: url.origin,
      path: `${url.pathname}${query}`,
      method,
      headers: [...fields.flat(), ...(method === 'POST' ? ['content-length', String(length)] : [])],
      body: method === 'GET' ? null : (body as Buffer), // Undici's types know fewer kinds of content than it takes.
    }
  }

  /** Each piece that the provider takes gives it the limit for the first byte anew. */
  *#pieces(): Generator<Buffer> {
    for (const chunk of this.#content) {
      for (let at = 0; at < chunk.length && !this.#ended; at += PIECE_BYTES) {
        this.#timer.refresh()
        yield chunk.subarray(at, at + PIECE_BYTES)
      }
    }
    this.#content = []
  }
}

function fieldsOf({ rawHeaders }: Dispatcher.DispatchController): FieldList {
  const texts = (rawHeaders ?? []) as readonly (Buffer | string)[]
  return fieldListFromRawHeaders(texts.map((text) => (typeof text === 'string' ? text : text.toString('latin1'))))
}
