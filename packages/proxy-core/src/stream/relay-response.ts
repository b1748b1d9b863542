import type { ServerResponse } from 'node:http'
import { type FieldList, fieldValues } from '../http/field-list.js'
import { ProxyError } from '../proxy-error.js'
import type { UpstreamResponse } from '../upstream/send-upstream.js'
import { upstreamFailure } from '../upstream/upstream-failure.js'
import { EventStream } from './event-stream.js'
import { isEventStream } from './response-fields.js'
import { hasTerminalEvent, TERMINAL_TAIL_BYTES } from './truncation.js'

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
  const events = isEventStream(upstream.fields) ? new EventStream() : undefined
  const isDelimitedByClose = !isFramed(upstream)
  let bytes = 0
  let tail: Buffer = Buffer.alloc(0)
  response.sendDate = false
  response.writeHead(upstream.status, options.fields.flat())
  // A head that came alone is passed on alone; one that came with content leaves with it in one packet.
  setImmediate(() => response.headersSent && !response.writableEnded && response.flushHeaders())

  return new Promise((resolve) => {
    const write = (chunks: readonly Buffer[]) => {
      for (const chunk of chunks) {
        bytes += chunk.length
        if (!response.write(chunk)) {
          flow.pause()
        }
      }
    }
    const fail = (failure: ProxyError) => {
      response.off('drain', onDrain)
      abortResponse(response, events && `${events.insideEvent ? '\n\n' : ''}${options.failureEvent(failure)}`)
      resolve({ bytes, outcome: 'truncated', failure })
    }
    const onDrain = () => flow.resume()
    response.on('drain', onDrain)
    const flow = upstream.read({
      onData: (chunk) => {
        if (bytes === 0) {
          options.onFirstByte()
        }
        if (events && isDelimitedByClose) {
          tail = Buffer.concat([tail, chunk]).subarray(-TERMINAL_TAIL_BYTES)
        }
        write(events ? events.push(chunk) : [chunk])
      },
      onEnd: () => {
        if (events && isDelimitedByClose && !hasTerminalEvent(tail)) {
          fail(
            new ProxyError(
              'ERR_UPSTREAM_CLOSED',
              `The provider at ${options.origin} closed the connection before its stream was complete.`,
            ),
          )
          return
        }
        response.off('drain', onDrain)
        write(events?.flush() ?? [])
        response.end()
        resolve({ bytes, outcome: 'complete' })
      },
      onFailure: (error) => {
        if (options.signal.aborted && error === options.signal.reason) {
          resolve({ bytes, outcome: 'client_aborted' })
        } else {
          fail(upstreamFailure(error, options.origin, 'mid_response'))
        }
      },
    })
  })
}

/** Whether the response says where it ends (RFC 9112 §6.3); otherwise only the closed connection does. */
function isFramed({ fields }: UpstreamResponse): boolean {
  return fieldValues(fields, 'content-length').length > 0 || fieldValues(fields, 'transfer-encoding').length > 0
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
