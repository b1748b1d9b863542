import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ProxyError } from '../proxy-error.js'
import { proxyStatusField } from './proxy-status.js'

export interface Refusal {
  readonly error: ProxyError
  /** JSON text. */
  readonly content: string
  /** Further fields, such as `Proxy-Authenticate`. */
  readonly fields?: readonly (readonly [name: string, value: string])[]
  /** `false` keeps the connection for another try (407 only). */
  readonly close?: boolean
}

/**
 * Writes a whole response on a bare socket: where Node has no response object (CONNECT, parse errors).
 * Closes afterwards unless told otherwise, so that bytes pipelined behind a refused CONNECT are never parsed.
 */
export function writeRefusal(socket: Duplex, { error, content, fields = [], close = true }: Refusal): void {
  const lines = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(content)}`,
    `Proxy-Status: ${proxyStatusField(error)}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
    ...(close ? ['Connection: close'] : []),
  ]
  const response = `${lines.join('\r\n')}\r\n\r\n${content}`
  if (close) {
    socket.end(response)
  } else {
    socket.write(response)
  }
}
