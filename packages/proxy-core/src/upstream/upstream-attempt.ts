import type { Agent, Dispatcher } from 'undici'
import { type FieldList, fieldListFromRawHeaders } from '../http/field-list.js'
import { ProxyError, type ProxyErrorCode } from '../proxy-error.js'
import type { UpstreamReader, UpstreamRequest, UpstreamResponse } from './send-upstream.js'

const JOIN_BELOW_BYTES = 256 * 1024

/** One try to send one request: its phases, each under its own limit, and what came of it. */
export class UpstreamAttempt {
  /** Whether a byte may have been written. */
  started = false
  readonly response: Promise<UpstreamResponse>

  readonly #request: UpstreamRequest
  readonly #attempts: number
  readonly #resolve: (response: UpstreamResponse) => void
  readonly #reject: (error: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #reader: UpstreamReader | undefined
  #timer: NodeJS.Timeout
  #failure: Error | undefined
  #ended = false

  constructor(dispatcher: Agent, request: UpstreamRequest, attempts: number) {
    this.#request = request
    this.#attempts = attempts
    let resolve!: (response: UpstreamResponse) => void
    let reject!: (error: unknown) => void
    this.response = new Promise((...settle) => {
      ;[resolve, reject] = settle
    })
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = this.#limit('ERR_UPSTREAM_CONNECT_TIMEOUT', 'connect', request.timeouts.connectTimeoutMs)
    request.signal.addEventListener('abort', this.#onAbort, { once: true })
    dispatcher.dispatch(dispatchOptions(request), {
      onRequestStart: (controller) => this.#onRequestStart(controller),
      onResponseStart: (controller, status) => this.#onResponseStart(controller, status),
      onResponseData: (_, chunk) => this.#onData(chunk),
      onResponseEnd: () => this.#onEnd(),
      onResponseError: (_, error) => this.#fail(error),
    })
  }

  readonly #onAbort = () => {
    this.#abort(this.#request.signal.reason as Error)
  }

  #onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure || this.#request.signal.aborted) {
      controller.abort(this.#failure ?? (this.#request.signal.reason as Error))
      return
    }
    this.started = true
    this.#setLimit('ERR_UPSTREAM_FIRST_BYTE_TIMEOUT', 'first-byte', this.#request.timeouts.firstByteTimeoutMs)
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
      attempts: this.#attempts,
      pause: () => controller.pause(),
      resume: () => {
        this.#timer.refresh()
        controller.resume()
      },
      read: (reader) => {
        this.#reader = reader
        if (this.#failure) {
          reader.onFailure(this.#failure)
        } else {
          this.#setLimit('ERR_UPSTREAM_IDLE_TIMEOUT', 'idle', this.#request.timeouts.idleTimeoutMs)
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
        new ProxyError(
          code,
          `The provider at ${this.#request.url.origin} exceeded the ${phase} limit of ${limitMs} ms.`,
        ),
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
    clearTimeout(this.#timer)
    this.#request.signal.removeEventListener('abort', this.#onAbort)
  }
}

function dispatchOptions({ method, url, query, fields, content }: UpstreamRequest): Dispatcher.DispatchOptions {
  const length = content.reduce((sum, chunk) => sum + chunk.length, 0)
  return {
    origin: url.origin,
    path: `${url.pathname}${query}`,
    method,
    headers: [...fields.flat(), ...(method === 'POST' ? ['content-length', String(length)] : [])],
    // Joined, head and content leave in one write; of a large content no second copy is made.
    body: method === 'GET' ? null : length < JOIN_BELOW_BYTES ? Buffer.concat(content) : (content as unknown as Buffer),
  }
}

function fieldsOf({ rawHeaders }: Dispatcher.DispatchController): FieldList {
  const texts = (rawHeaders ?? []) as readonly (Buffer | string)[]
  return fieldListFromRawHeaders(texts.map((text) => (typeof text === 'string' ? text : text.toString('latin1'))))
}
