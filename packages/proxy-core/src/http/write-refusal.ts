import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ProxyError } from '../proxy-error.js'
import { refusalFields } from './refusal-fields.js'
import { LINGER_MS } from './refuse-request.js'

/**
 * Writes a whole response on a bare socket, where Node has no response object: to CONNECT, and to what it could not
 * parse.
 *
 * @param content - JSON text.
 */
export function writeRefusal(socket: Socket, error: ProxyError, content: string, close: boolean): void {
  const lines = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
    ...refusalFields(error, content, close).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n${content}`)
}

/** Writes a refusal as the last thing on a connection. What the client sent behind is dropped, never parsed. */
export function closeWithRefusal(socket: Socket, error: ProxyError, content: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  writeRefusal(socket, error, content, true)
  socket.end()
  socket.once('end', () => socket.destroy())
  socket.resume()
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}
