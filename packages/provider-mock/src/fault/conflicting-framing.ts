import { STATUS_CODES } from 'node:http'
import { pieceBytes, type WireAnswer } from '../answer/wire-answer.js'

/**
 * The answer as raw octets with both Content-Length and Transfer-Encoding (RFC 9112 §6.3: a sign of response splitting).
 * A reader that goes by the length takes the rest for the next response.
 */
export function conflictingFraming({ status, fields, pieces }: WireAnswer): Buffer {
  const content = Buffer.concat(pieces.map(pieceBytes))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
    'content-length: 5',
    'transfer-encoding: chunked',
    '',
    '',
  ].join('\r\n')
  return Buffer.concat([
    Buffer.from(`${head}${content.length.toString(16)}\r\n`),
    content,
    Buffer.from('\r\n0\r\n\r\n'),
  ])
}
