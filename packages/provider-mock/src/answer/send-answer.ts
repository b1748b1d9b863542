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
 * @param announcedLength - Octets to announce where the framing is `content_length`.
 * @param signal - Aborts when the client has left; then this rejects with its reason.
 */
export async function sendAnswer(
  response: ServerResponse,
  { status, fields, framing, pieces }: WireAnswer,
  announcedLength: number,
  { firstByteDelayMs, pieceDelayMs }: Pace,
  signal: AbortSignal,
): Promise<void> {
  if (firstByteDelayMs > 0) {
    await pause(firstByteDelayMs, undefined, { signal })
  }
  for (const [name, value] of fields) {
    response.appendHeader(name, value)
  }
  if (framing === 'content_length') {
    response.setHeader('content-length', announcedLength)
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
