import type { Answer, Field, StreamEvent } from './answer.js'

/** One write of content. An event becomes bytes only when its turn comes, so that a huge stream is never whole in memory. */
export type Piece = Buffer | StreamEvent

/** An answer as it goes on the wire: status, fields, and the content in the pieces it is written in. */
export interface WireAnswer {
  readonly status: number
  readonly fields: readonly Field[]
  /** Octets announced in Content-Length; undefined: chunked (RFC 9112 §6). */
  readonly contentLength: number | undefined
  readonly pieces: readonly Piece[]
  /** Fields behind a chunked content (RFC 9110 §6.5). */
  readonly trailers: readonly Field[]
}

/** Pieces a content of known length is written in, so that faults find a middle. */
const SPLIT_INTO = 8

export function wireAnswer(answer: Answer): WireAnswer {
  switch (answer.kind) {
    case 'json':
      return whole(answer.status, Buffer.from(JSON.stringify(answer.value)), [
        ['content-type', 'application/json'],
        ...answer.fields,
      ])
    case 'bytes':
      return whole(answer.status, answer.content, [['content-type', answer.contentType]])
    case 'events':
      return {
        status: 200,
        fields: [
          ['content-type', 'text/event-stream; charset=utf-8'],
          ['cache-control', 'no-cache'],
        ],
        contentLength: undefined,
        pieces: answer.events,
        trailers: [],
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

/** The content in about equal pieces. */
export function split(content: Buffer): readonly Buffer[] {
  const size = Math.max(1, Math.ceil(content.length / SPLIT_INTO))
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
    content.subarray(index * size, (index + 1) * size),
  )
}

function whole(status: number, content: Buffer, fields: readonly Field[]): WireAnswer {
  return { status, fields, contentLength: content.length, pieces: split(content), trailers: [] }
}
