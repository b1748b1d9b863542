import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { ProxyError } from '../proxy-error.js'
import type { FieldList } from './field-list.js'
import { refusalFields } from './refusal-fields.js'

/**
 * How long a refused client's bytes are still taken, in milliseconds. A connection closed while they come is answered by
 * the kernel with a reset that overtakes the refusal (RFC 9112 §9.6).
 */
export const LINGER_MS = 2_000

export interface RefusalOptions {
  /** JSON text. */
  readonly content: string
  /** Further fields. */
  readonly fields?: FieldList
  /** Keeps the connection for another try, where the request was read to its end. */
  readonly keepAlive?: boolean
}

/**
 * Answers a request with a refusal, whole; where an answer has been begun, cuts it off. The connection ends behind it:
 * what else it carries was not understood or not wanted.
 */
export async function refuseRequest(
  request: IncomingMessage,
  response: ServerResponse,
  error: ProxyError,
  { content, fields = [], keepAlive = false }: RefusalOptions,
): Promise<void> {
  if (response.headersSent) {
    response.socket?.destroy()
    return
  }
  const close = !(keepAlive && request.complete)
  response.writeHead(error.status, [...refusalFields(error, content, close), ...fields].flat())
  const { socket } = response
  if (request.complete || request.destroyed || !socket) {
    response.end(content)
    return
  }
  response.write(content)
  response.flushHeaders() // To HEAD there was no content to write.
  socket.end()
  request.resume()
  await Promise.race([heard(request, 'close'), heard(socket, 'end'), heard(socket, 'close'), lingered()])
  socket.destroy()
}

async function heard(emitter: EventEmitter, event: string): Promise<void> {
  await new Promise<void>((resolve) => emitter.once(event, () => resolve()))
}

async function lingered(): Promise<void> {
  await setTimeout(LINGER_MS, undefined, { ref: false })
}
