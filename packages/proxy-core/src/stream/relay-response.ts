import type { ServerResponse } from 'node:http'
import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'
import type { UpstreamReader, UpstreamResponse } from '../upstream/send-upstream.js'
import { upstreamFailure } from '../upstream/upstream-failure.js'
import { contentForm, type ReadableForm } from './content-form.js'
import { EventStream } from './event-stream.js'
import { looksWhole, TERMINAL_TAIL_BYTES } from './truncation.js'
import { type Usage, UsageMeter } from './usage.js'

export interface RelayOptions {
  /** Header of our response. */
  readonly fields: FieldList
  /** Origin of the upstream, for messages. */
  readonly origin: string
  /** The event that tells the client of a failure in the middle of a stream. */
  readonly failureEvent: (error: ProxyError) => string
  readonly onFirstByte: () => void
  /** Aborted when the client is gone; its reason is then the upstream's failure too. */
  readonly signal: AbortSignal
}

/** How a relayed response ended. */
export interface RelayResult {
  readonly bytes: number
  readonly outcome: 'complete' | 'truncated' | 'client_aborted'
  /** Set where the upstream failed after its head: the client's connection was aborted then. */
  readonly failure?: ProxyError
  /** Also of an answer that broke off: what it had told until then. */
  readonly usage: Usage
}

const MAX_ERROR_EVENT_WAIT_MS = 5_000

/**
 * Relays a provider's response as it comes, with back-pressure both ways. A broken response is never ended
 * cleanly: an event stream gets an error event, and then the connection is aborted.
 */
export function relayResponse(
  upstream: UpstreamResponse,
  response: ServerResponse,
  options: RelayOptions,
): Promise<RelayResult> {
  return new Promise((resolve) => new Relay(upstream, response, options, resolve).start())
}

class Relay implements UpstreamReader {
  readonly #upstream: UpstreamResponse
  readonly #response: ServerResponse
  readonly #options: RelayOptions
  readonly #resolve: (result: RelayResult) => void
  readonly #form: ReadableForm
  /** Set for server-sent events that can be read. */
  readonly #events: EventStream | undefined
  readonly #usage: UsageMeter | undefined
  /** The last bytes of content that only the closed connection ends, to see whether it was whole. */
  #tail: Buffer | undefined
  #bytes = 0

  constructor(
    upstream: UpstreamResponse,
    response: ServerResponse,
    options: RelayOptions,
    resolve: (result: RelayResult) => void,
  ) {
    const form = contentForm(upstream.fields)
    this.#form = form
    this.#upstream = upstream
    this.#response = response
    this.#options = options
    this.#resolve = resolve
    this.#events = form === 'events' ? new EventStream() : undefined
    this.#usage = form === 'other' ? undefined : new UsageMeter(form === 'events')
    this.#tail = isFramed(upstream) ? undefined : Buffer.alloc(0)
  }

  start(): void {
    const response = this.#response
    response.sendDate = false
    response.writeHead(this.#upstream.status, this.#fields().flat())
    // A head that came alone is passed on alone; one that came with content leaves with it in one packet.
    setImmediate(() => !response.writableEnded && response.flushHeaders())
    response.on('drain', this.#onDrain)
    this.#upstream.read(this)
  }

  /** An event stream is framed anew: a length that was announced leaves no room for the event of a failure. */
  #fields(): FieldList {
    const { fields } = this.#options
    return this.#events ? fields.filter(([name]) => name.toLowerCase() !== 'content-length') : fields
  }

  onData(chunk: Buffer): void {
    if (this.#bytes === 0) {
      this.#options.onFirstByte()
    }
    if (this.#tail) {
      this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-TERMINAL_TAIL_BYTES)
    }
    this.#write(this.#events ? this.#events.push(chunk) : [chunk])
  }

  onEnd(): void {
    if (this.#tail && !looksWhole(this.#form, this.#tail)) {
      const { origin } = this.#options
      const message = `The provider at ${origin} closed the connection before its answer was complete.`
      this.#fail(new ProxyError('ERR_UPSTREAM_CLOSED', message))
      return
    }
    this.#write(this.#events?.flush() ?? [])
    this.#response.end()
    this.#settle('complete')
  }

  onFailure(error: Error): void {
    const { signal, origin } = this.#options
    // Cut off for a reason, the client hears the reason.
    if (signal.aborted && !(signal.reason instanceof ProxyError)) {
      this.#settle('client_aborted')
    } else {
      this.#fail(upstreamFailure(error, origin, 'mid_response'))
    }
  }

  readonly #onDrain = () => this.#upstream.resume()

  #write(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      this.#bytes += chunk.length
      this.#usage?.push(chunk)
      if (!this.#response.write(chunk)) {
        this.#upstream.pause()
      }
    }
  }

  #fail(failure: ProxyError): void {
    const event = this.#events && `${this.#events.insideEvent ? '\n\n' : ''}${this.#options.failureEvent(failure)}`
    abortResponse(this.#response, event)
    this.#settle('truncated', failure)
  }

  #settle(outcome: RelayResult['outcome'], failure?: ProxyError): void {
    this.#response.off('drain', this.#onDrain)
    const usage = this.#usage?.result() ?? {}
    this.#resolve({ bytes: this.#bytes, outcome, usage, ...(failure && { failure }) })
  }
}

/** Whether the response says where it ends (RFC 9112 §6.3); otherwise only the closed connection does. */
function isFramed({ status, fields }: UpstreamResponse): boolean {
  return (
    status === 204 || [...fieldValues(fields, 'content-length'), ...fieldValues(fields, 'transfer-encoding')].length > 0
  )
}

function abortResponse(response: ServerResponse, lastEvent: string | undefined): void {
  const abort = () => response.socket?.destroy()
  if (lastEvent === undefined || !response.writable) {
    abort()
    return
  }
  const impatience = setTimeout(abort, MAX_ERROR_EVENT_WAIT_MS)
  response.write(lastEvent, () => {
    clearTimeout(impatience)
    abort()
  })
}
