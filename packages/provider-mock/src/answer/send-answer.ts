import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { pieceBytes, type WireAnswer } from './wire-answer.js'

/** How fast an answer is put on the wire, in milliseconds. */
export interface Pace {
  /** Silence before the head. */
  readonly firstByteDelayMs: number
  /** Time between two pieces. */
  readonly pieceDelayMs: number
}

/**
 * Writes an answer piece by piece, no faster than the client reads. Does not end it: the caller decides how it ends.
 *
 * @param signal - Aborts when the client has left; then this rejects with its reason.
 */
export async function sendAnswer(
  response: ServerResponse,
  { status, fields, contentLength, pieces, trailers }: WireAnswer,
  { firstByteDelayMs, pieceDelayMs }: Pace,
  signal: AbortSignal,
): Promise<void> {
  if (firstByteDelayMs > 0) {
    await pause(firstByteDelayMs, undefined, { signal })
  }
  for (const [name, value] of fields) {
    response.appendHeader(name, value)
  }
  if (contentLength !== undefined) {
    response.setHeader('content-length', contentLength)
  } else if (trailers.length > 0) {
    response.setHeader('trailer', trailers.map(([name]) => name).join(', '))
    response.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]))
  }
  response.writeHead(status)
  for (const [index, piece] of pieces.entries()) {
    if (index > 0 && pieceDelayMs > 0) {
      await pause(pieceDelayMs, undefined, { signal })
    }
    if (!response.write(pieceBytes(piece))) {
      await once(response, 'drain', { signal })
    }
  }
}
