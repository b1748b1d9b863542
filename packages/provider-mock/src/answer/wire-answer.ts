import type { Answer, Field, StreamEvent } from './answer.js'

/** One write of content. Events are put into bytes only when their turn comes, so that a huge answer is never whole in memory. */
export type Piece = Buffer | StreamEvent

/** How the content is delimited (RFC 9112 §6). */
export type Framing = 'content_length' | 'chunked'

/** An answer as it goes on the wire: status, fields, and the content in the pieces it is written in. */
export interface WireAnswer {
  readonly status: number
  readonly fields: readonly Field[]
  readonly framing: Framing
  readonly pieces: readonly Piece[]
}

/** Pieces a content of known length is written in, where a fault needs a middle. */
const SPLIT_INTO = 8

export function wireAnswer(answer: Answer): WireAnswer {
  switch (answer.kind) {
    case 'json':
      return {
        status: answer.status,
        fields: [['content-type', 'application/json'], ...answer.fields],
        framing: 'content_length',
        pieces: split(Buffer.from(JSON.stringify(answer.value))),
      }
    case 'bytes':
      return {
        status: 200,
        fields: [['content-type', answer.contentType]],
        framing: 'content_length',
        pieces: split(answer.content),
      }
    case 'events':
      return {
        status: 200,
        fields: [
          ['content-type', 'text/event-stream; charset=utf-8'],
          ['cache-control', 'no-cache'],
        ],
        framing: 'chunked',
        pieces: answer.events,
      }
  }
}

/** The piece's bytes; an event in the format of the HTML standard, §9.2.6. */
export function pieceBytes(piece: Piece): Buffer {
  if (Buffer.isBuffer(piece)) {
    return piece
  }
  const data = typeof piece.data === 'string' ? piece.data : JSON.stringify(piece.data)
  return Buffer.from(`${piece.event === undefined ? '' : `event: ${piece.event}\n`}data: ${data}\n\n`)
}

/** Octets of the whole content. */
export function contentLength({ pieces }: WireAnswer): number {
  return pieces.reduce((sum, piece) => sum + pieceBytes(piece).length, 0)
}

function split(content: Buffer): readonly Buffer[] {
  const size = Math.max(1, Math.ceil(content.length / SPLIT_INTO))
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
    content.subarray(index * size, (index + 1) * size),
  )
}
